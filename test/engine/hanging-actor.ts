import type { Actor, ActorContext } from '../../src/actors/actor.js';

export interface HangingActor {
  readonly actor: Actor<unknown, unknown>;
  /** What its first attempt was given, once it has begun. */
  readonly began: Promise<ActorContext>;
  /** Lets it end well. */
  release(): void;
}

/** An actor that, in its first attempt, waits to be released or told to stop; later ones go on at once with `then`. */
export function hangingActor(
  then: Actor<unknown, unknown> = async () => null,
  { ignoresAbort = false }: { readonly ignoresAbort?: boolean } = {},
): HangingActor {
  let begin: (context: ActorContext) => void = () => {};
  let release: () => void = () => {};
  const began = new Promise<ActorContext>((resolve) => (begin = resolve));
  const released = new Promise<void>((resolve) => (release = resolve));
  const actor: Actor<unknown, unknown> = async (input, context) => {
    if (context.attempt > 1) return then(input, context);
    begin(context);
    await (ignoresAbort ? released : Promise.race([released, aborted(context.signal)]));
    return { released: true };
  };
  return { actor, began, release };
}

export function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason as Error);
    else signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
