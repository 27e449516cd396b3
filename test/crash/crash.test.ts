import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Pilot } from '../e2e/pilot.js';
import { crashAt, crashAtEach, PHASES, placesOf, prepare, type Phase } from './crash-case.js';

/**
 * Some of the places where a process can be killed: `npm run crashes` goes through every single one. Which there are is told by an
 * undisturbed run. Here each step, the moment its attempt is on record, all in one run; and by themselves the middle of the drill, each
 * rename of the sealing, and the first request of each kind in the upload.
 */
const EACH_STEP = /: commit attempts after 1$/;
const BY_ITSELF: Readonly<Record<Phase, RegExp>> = {
  'before the pause': /^drillingAppRollback: child kubectl rollout (?:undo end|status end) 2$/,
  'after the pause': /: rename \S+ after 1$|^sealing\.uploading: request \S+ after 1$/,
};

const places = new Map<Phase, readonly string[]>();
for (const phase of PHASES) {
  const pilot = await Pilot.create({ warm: true });
  await prepare(pilot, phase);
  places.set(phase, await placesOf(pilot, phase));
  await pilot.dispose();
}
const placesAs = (phase: Phase, pattern: RegExp) => (places.get(phase) ?? []).filter((place) => pattern.test(place));
const eachStep = (phase: Phase) => placesAs(phase, EACH_STEP).filter((place) => !place.startsWith('at rest:'));
const TIMEOUT_MS = 120_000;

test('every step is among them', () => {
  expect(PHASES.flatMap(eachStep)).toHaveLength(14);
});

describe('a process that is killed before the pause', () => {
  let pilot: Pilot;
  beforeAll(async () => {
    pilot = await Pilot.create({ warm: true });
    await pilot.save();
  });
  beforeEach(() => pilot.restoreAll());
  afterAll(() => pilot?.dispose());

  test(
    'in one step after the other: the run goes on each time, and ends as if undisturbed',
    () => crashAtEach(pilot, 'before the pause', eachStep('before the pause')),
    TIMEOUT_MS,
  );

  test.each(placesAs('before the pause', BY_ITSELF['before the pause']))(
    'in %s: the run goes on, and ends as if undisturbed',
    (place) => crashAt(pilot, 'before the pause', place),
    TIMEOUT_MS,
  );
});

describe('a process that is killed after the pause', () => {
  let pilot: Pilot;
  beforeAll(async () => {
    pilot = await Pilot.create({ warm: true });
    await prepare(pilot, 'after the pause');
    await pilot.save();
  }, TIMEOUT_MS);
  beforeEach(() => pilot.restore());
  afterAll(() => pilot?.dispose());

  test(
    'in one step after the other: the run goes on each time, and ends as if undisturbed',
    () => crashAtEach(pilot, 'after the pause', eachStep('after the pause')),
    TIMEOUT_MS,
  );

  test.each(placesAs('after the pause', BY_ITSELF['after the pause']))(
    'in %s: the run goes on, and ends as if undisturbed',
    (place) => crashAt(pilot, 'after the pause', place),
    TIMEOUT_MS,
  );
});
