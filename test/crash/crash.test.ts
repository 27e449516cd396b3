import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Pilot } from '../e2e/pilot.js';
import { crashAt, PHASES, placesOf, prepare, type Phase } from './crash-case.js';

/**
 * Some of the places where a process can be killed: `npm run crashes` goes through every single one. Which there are is told by an
 * undisturbed run. Here each step, the moment its attempt is on record; the middle of the drill; each rename of the sealing, and the
 * first request of each kind in the upload.
 */
const CHOSEN: Readonly<Record<Phase, RegExp>> = {
  'before the pause': /: commit attempts after 1$|: child kubectl rollout (?:undo end|status end) 2$/,
  'after the pause': /: (?:commit attempts|rename \S+) after 1$|^sealing\.uploading: request \S+ after 1$/,
};

const chosen = new Map<Phase, readonly string[]>();
for (const phase of PHASES) {
  const pilot = await Pilot.create();
  await prepare(pilot, phase);
  chosen.set(
    phase,
    (await placesOf(pilot, phase)).filter((place) => CHOSEN[phase].test(place)),
  );
  await pilot.dispose();
}
const TIMEOUT_MS = 120_000;

test('every step is among them', () => {
  const steps = [...chosen.values()].flat().map((place) => place.slice(0, place.indexOf(':')));
  expect([...new Set(steps)].filter((step) => step !== 'at rest')).toHaveLength(14);
});

describe('a process that is killed before the pause', () => {
  let pilot: Pilot;
  beforeEach(async () => {
    pilot = await Pilot.create();
  });
  afterEach(() => pilot.dispose());

  test.each(chosen.get('before the pause') ?? [])(
    'in %s: the run goes on, and ends as if undisturbed',
    (place) => crashAt(pilot, 'before the pause', place),
    TIMEOUT_MS,
  );
});

describe('a process that is killed after the pause', () => {
  let pilot: Pilot;
  beforeAll(async () => {
    pilot = await Pilot.create();
    await prepare(pilot, 'after the pause');
    await pilot.save();
  }, TIMEOUT_MS);
  beforeEach(() => pilot.restore());
  afterAll(() => pilot?.dispose());

  test.each(chosen.get('after the pause') ?? [])(
    'in %s: the run goes on, and ends as if undisturbed',
    (place) => crashAt(pilot, 'after the pause', place),
    TIMEOUT_MS,
  );
});
