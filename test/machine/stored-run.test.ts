import { describe as group, expect, test } from '@jest/globals';
import { advance } from '../../src/engine/advance.js';
import type { StoredSnapshot } from '../../src/engine/definition.js';
import { pilotMachine } from '../../src/machine/pilot-machine.js';
import { RUN } from './pilot-facts.js';
import { definition, recorded } from './pilot-run.js';
import { describe, eventsFor, reachableRuns, spawned, type Snapshot, type Step } from './reachable-runs.js';

const { steps } = reachableRuns();

group('a stored run', () => {
  const oneOfEach = (kind: (step: Step) => readonly unknown[]) => [
    ...new Map(steps.map((step) => [kind(step).join(), step])).values(),
  ];

  test('goes on from JSON exactly as from memory', () => {
    for (const { from, event, to, actions } of oneOfEach((step) => [
      step.from.state,
      describe(step.event),
      step.to.state,
      step.from.context.seal?.verdict,
      step.from.context.attemptsInARow,
    ])) {
      const restored = advance(definition, RUN, json(persisted(from.snapshot)), recorded(event, from.path.length + 2) as never);
      expect(json(restored.snapshot)).toEqual(json(persisted(to.snapshot)));
      expect(json(restored.spawns.map(({ step, src, input }) => ({ id: step, src, input })))).toEqual(json(spawned(actions)));
    }
  });

  test('takes the same events after JSON as from memory', () => {
    for (const { from } of oneOfEach(({ from: run }) => [run.state, run.context.failure?.step, run.context.seal?.verdict])) {
      const snapshot = pilotMachine.resolveState(json(persisted(from.snapshot)) as never) as Snapshot;
      expect(eventsFor({ ...from, snapshot }).map(describe)).toEqual(eventsFor(from).map(describe));
    }
  });
});

function persisted({ value, context, historyValue, status }: Snapshot): StoredSnapshot {
  return { value, context, historyValue, status };
}

function json<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
