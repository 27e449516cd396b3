import { join } from 'node:path';
import { fromPromise, setup } from 'xstate';
import { processStartTime } from '../dist/src/actors/process/process-identity.js';
import { createEngine } from '../dist/src/engine/create-engine.js';
import { openEvidenceDir } from '../dist/src/evidence/local-evidence-dir.js';
import { createRedactor } from '../dist/src/evidence/redaction.js';

/** A machine of ten steps that do nothing, and an engine that drives it: what the benchmarks of the engine have in common. */
export const WHO = { user: 'operator', host: 'host', email: null, level: 'asserted' };
const STEPS = 10;
const step = (number) => `step${number}`;

const states = Object.fromEntries(
  Array.from({ length: STEPS }, (_, number) => [
    step(number),
    {
      invoke: { id: step(number), src: 'nothing', onDone: number + 1 < STEPS ? step(number + 1) : 'done', onError: 'failed' },
      on: { RESUMED: { target: step(number), reenter: true }, NOTED: {} },
    },
  ]),
);
const machine = setup({ actors: { nothing: fromPromise(() => Promise.resolve(null)) } }).createMachine({
  id: 'tenSteps',
  context: {},
  initial: step(0),
  states: { ...states, done: { type: 'final' }, failed: {} },
});

export const definition = {
  machine,
  version: 'bench-1',
  input: () => undefined,
  facts: ({ value }) => ({
    status: value === 'done' ? 'completed' : value === 'failed' ? 'failed' : 'active',
    environmentLock: null,
    environment: null,
    gitHead: null,
    deadlines: [],
    isAloneInCycle: false,
  }),
  joining: () => null,
  announce: () => [],
  timeoutMs: () => 60_000,
  actors: { nothing: () => Promise.resolve(null) },
};

export function benchEngine(store, directory, changes = {}) {
  return createEngine({
    definition,
    store,
    openEvidence: ({ evidenceDir }) =>
      openEvidenceDir(evidenceDir, { root: join(directory, 'evidence'), redactor: () => createRedactor() }),
    env: process.env,
    now: () => new Date(),
    redact: (event) => event,
    holder: thisHolder(),
    notify: () => {},
    signal: new AbortController().signal,
    ...changes,
  });
}

export function thisHolder() {
  const { pid } = process;
  return { user: 'operator', host: 'host', machineId: 'bench', bootId: 'bench', pid, startTime: processStartTime(pid) };
}

export function runRequest(directory, runId) {
  return { runId, evidenceDir: join(directory, 'evidence', runId), directory, who: WHO, event: { type: 'STARTED' } };
}

/** `YYYYMMDDTHHMMSSZ` of the n-th second of 2026. */
export function runIdOf(number) {
  return new Date(Date.UTC(2026, 0, 1) + number * 1000).toISOString().replaceAll(/[-:]|\.\d+/g, '');
}

export const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
