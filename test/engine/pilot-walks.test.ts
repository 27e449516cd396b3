import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { PublishedFacts } from '../../src/config/step-contracts.js';
import { stateName } from '../../src/engine/advance.js';
import type { RunEvent } from '../../src/engine/definition.js';
import { isStep } from '../../src/machine/steps.js';
import { alphabet } from '../machine/event-alphabet.js';
import { soundEventsFor, type Snapshot } from '../machine/reachable-runs.js';
import type { CrashPoint } from './crashes.js';
import { SimulatedPilot, type Fate } from './simulated-pilot.js';

const ENDED = ['completed', 'sealedAsFailed', 'abandoned', 'superseded'];
/** What a run reports of itself; all else is a person's to say. */
const REPORTED = /^(?:xstate\.|RESUMED$|DRILL_PLANNED$|UPLOAD_BEGUN$)/;
const DECISIONS = alphabet().filter(({ type }) => !REPORTED.test(type));

/** Any call of its store in the first few steps that a driver makes. */
const CRASHES: readonly CrashPoint[] = Array.from({ length: 60 }, (_, index) => index + 1).flatMap((call) => [
  { call, when: 'before' },
  { call, when: 'after' },
]);

/** As long as they come, and as often high as low: left to itself, fast-check prefers runs in which little happens. */
const DICE = fc.noBias(fc.array(fc.nat({ max: 999 }), { maxLength: 120, size: 'max' }));

test('whatever actors, persons and dying drivers do to a run, every write keeps the promises, and the run can be brought to its end', async () => {
  await fc.assert(
    fc.asyncProperty(DICE, async (dice) => {
      const { snapshot, examiner } = await SimulatedPilot.live(decidedBy(dice));
      expect(examiner.history.at(-1)).toMatchObject({ to: nameOf(snapshot), snapshot: { context: snapshot.context } });
    }),
    // A failure is not made smaller: its seed is worth more than its size, and a limit of time would let fewer runs pass for all.
    { numRuns: 20, endOnFailure: true },
  );
}, 300_000);

/** A fate by dice; when they are used up, as for each throw of 0, all goes as well as it can. */
function decidedBy(dice: readonly number[]): Fate {
  const left = [...dice];
  /** One time in `odds`, what another throw picks; else null. */
  const perhaps = <T>(odds: number, all: readonly T[]): T | null => {
    if ((left.shift() ?? 0) % odds !== odds - 1) return null;
    return all[(left.shift() ?? 0) % all.length] ?? null;
  };
  return {
    during: (snapshot) => perhaps(3, mostlyNotTheEnd(soundEventsFor(snapshot))) ?? asItShould(snapshot),
    between: (snapshot) => perhaps(isStep(nameOf(snapshot)) ? 8 : 2, DECISIONS) ?? onward(snapshot),
    crash: () => perhaps(4, CRASHES),
    isOver: (snapshot) => left.length === 0 && ENDED.includes(nameOf(snapshot)),
  };
}

/** A run that is abandoned too soon shows little. */
function mostlyNotTheEnd(events: readonly RunEvent[]): RunEvent[] {
  const others = events.filter(({ type }) => type !== 'ABANDONED');
  return [...Array.from({ length: 5 }, () => others).flat(), ...events];
}

/** What the actor of a step reports, once, and then gives. */
function asItShould(snapshot: Snapshot): RunEvent {
  const { seal } = snapshot.context;
  const reports = ({ type }: RunEvent) => type === 'DRILL_PLANNED' || (type === 'UPLOAD_BEGUN' && seal?.putBegan === false);
  const ends = ({ type, output }: RunEvent) =>
    type.startsWith('xstate.done.') && [undefined, seal?.verdict].includes((output as Partial<PublishedFacts>).verdict);
  const events = soundEventsFor(snapshot);
  return (events.find(reports) ?? events.find(ends)) as RunEvent;
}

/** What a person decides who wants the run to go on; null where that needs nobody, or where it has ended. */
function onward(snapshot: Snapshot): RunEvent | null {
  const { failure } = snapshot.context;
  const ways = [
    ({ type }: RunEvent) => ['SIGNED_OFF', 'COUNTERSIGNED', 'RETRY_REQUESTED'].includes(type),
    ({ type, from, override }: RunEvent) => type === 'REPLAY_REQUESTED' && from === failure?.step && override === true,
    ({ type }: RunEvent) => type === 'ABANDONED',
  ];
  if (isStep(nameOf(snapshot))) return null;
  const events = soundEventsFor(snapshot);
  return ways.flatMap((way) => events.filter(way))[0] ?? null;
}

function nameOf({ value }: Snapshot): string {
  return stateName(value);
}
