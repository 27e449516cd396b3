import { assign, fromPromise, setup } from 'xstate';
import type { Definition, RunEvent, StateFacts, StoredSnapshot } from '../../src/engine/definition.js';
import type { Actor } from '../../src/actors/actor.js';

/** What the toy remembers. `results` holds the output of each step that is done: no times and no attempt numbers. */
export interface ToyContext {
  readonly results: Readonly<Record<string, unknown>>;
  readonly plan: string | null;
  readonly failures: number;
  readonly failure: string | null;
  readonly retryMs: number;
  readonly note: string | null;
}

export const STEPS = ['gathering', 'building', 'shipping'] as const;
export type Step = (typeof STEPS)[number];
export type ToyActors = Readonly<Record<'gather' | 'build' | 'ship', Actor<unknown, unknown>>>;

/** Failures in a row after which `shipping` gives up. */
export const MAX_FAILURES = 5;

interface ToyEvent extends RunEvent {
  readonly output?: unknown;
  readonly error?: { readonly code: string; readonly transient: boolean };
}

const toySetup = setup({
  types: {} as { context: ToyContext; events: ToyEvent; input: { readonly retryMs: number } },
  actors: { gather: fromPromise(unused), build: fromPromise(unused), ship: fromPromise(unused) },
  guards: {
    mayTryAgain: ({ context, event }) => event.error?.transient === true && context.failures + 1 < MAX_FAILURES,
    never: () => false,
  },
  actions: {
    done: assign(({ context, event }, { step }: { step: Step }) => ({
      results: { ...context.results, [step]: event.output },
      failures: 0,
      failure: null,
    })),
    failed: assign(({ event }) => ({ failure: event.error?.code ?? 'none' })),
    again: assign(({ context }) => ({ failures: context.failures + 1 })),
    plan: assign(({ event }) => ({ plan: String(event['plan']) })),
    note: assign(({ event }) => ({ note: String(event['text']) })),
    forget: assign({ failure: null, failures: 0 }),
    scheduleRetry: (_, _params: { delayMs: number }) => {},
    shout: () => {},
  },
});

function effect<const Target extends string>(step: Step, src: keyof ToyActors, next: Target) {
  return {
    id: step,
    src,
    onDone: { target: next, actions: { type: 'done', params: { step } } },
    onError: [
      {
        guard: 'mayTryAgain',
        target: step,
        reenter: true,
        actions: [
          { type: 'scheduleRetry', params: ({ context }: { context: ToyContext }) => ({ delayMs: context.retryMs }) },
          'again',
        ],
      },
      { target: 'failed', actions: 'failed' },
    ],
  } as const;
}

function common<const S extends Step>(step: S) {
  return {
    RESUMED: { target: step, reenter: true },
    ABANDONED: { target: 'abandoned' },
    NOTED: { actions: 'note' },
  } as const;
}

/** Two steps, a pause for a person, a third step that is tried again, and a way out of failure. */
export const toyMachine = toySetup.createMachine({
  id: 'toy',
  context: ({ input }) => ({ results: {}, plan: null, failures: 0, failure: null, retryMs: input.retryMs, note: null }),
  initial: 'gathering',
  states: {
    gathering: { invoke: effect('gathering', 'gather', 'building'), on: common('gathering') },
    building: {
      invoke: effect('building', 'build', 'awaitingApproval'),
      on: { ...common('building'), PLANNED: { actions: 'plan' } },
    },
    awaitingApproval: {
      on: {
        APPROVED: 'shipping',
        REJECTED: 'failed',
        REBUILD: 'building',
        SHOUTED: { actions: 'shout' },
        FORBIDDEN: { guard: 'never', target: 'shipping' },
        NOTED: { actions: 'note' },
      },
    },
    shipping: { invoke: effect('shipping', 'ship', 'completed'), on: common('shipping') },
    failed: { on: { RETRY: { target: 'shipping', actions: 'forget' }, REPLAY: { target: 'gathering', actions: 'forget' } } },
    completed: { type: 'final' },
    abandoned: {},
  },
});

/** The environment that `building` locks. */
export const YARD = 'yard';

export function toyDefinition(actors: ToyActors, changes: Partial<Definition> = {}): Definition {
  return {
    machine: toyMachine,
    version: 'toy-1',
    input: (first) => ({ retryMs: (first['retryMs'] as number | undefined) ?? 0 }),
    facts: toyFacts,
    announce: () => [],
    timeoutMs: () => 60_000,
    actors,
    ...changes,
  };
}

function toyFacts({ value }: StoredSnapshot): StateFacts {
  const rests = { awaitingApproval: 'waiting', failed: 'failed', completed: 'completed', abandoned: 'abandoned' } as const;
  const held = value === 'building' ? YARD : null;
  return {
    status: rests[value as keyof typeof rests] ?? 'active',
    environmentLock: held,
    environment: held,
    gitHead: null,
    deadlines: [],
  };
}

/** The engine never runs xstate's own actors: it reads from the transition that one is asked for. */
function unused(): Promise<never> {
  throw new Error('the machine executed an actor');
}
