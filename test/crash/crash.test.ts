import { afterAll, afterEach, beforeAll, beforeEach, describe, test } from '@jest/globals';
import { Pilot } from '../e2e/pilot.js';
import { crashAt, PHASES, placesOf, prepare, type Phase } from './crash-case.js';

/**
 * Here one place of each kind, right after it has come to pass; `npm run crashes` goes through every single one. Which there are is
 * told by an undisturbed run.
 */
const kinds = new Map<Phase, readonly string[]>();
for (const phase of PHASES) {
  const pilot = await Pilot.create();
  await prepare(pilot, phase);
  kinds.set(
    phase,
    (await placesOf(pilot, phase)).filter((place) => / (?:after|end) 1$/.test(place)),
  );
  await pilot.dispose();
}

describe('a process that is killed', () => {
  describe('before the pause', () => {
    let pilot: Pilot;
    beforeEach(async () => {
      pilot = await Pilot.create();
    });
    afterEach(() => pilot.dispose());

    test.each(kinds.get('before the pause') ?? [])(
      'after %s: the run goes on, and ends as if undisturbed',
      (place) => crashAt(pilot, 'before the pause', place),
      120_000,
    );
  });

  describe('after the pause', () => {
    let pilot: Pilot;
    beforeAll(async () => {
      pilot = await Pilot.create();
      await prepare(pilot, 'after the pause');
      await pilot.save();
    }, 120_000);
    beforeEach(() => pilot.restore());
    afterAll(() => pilot?.dispose());

    test.each(kinds.get('after the pause') ?? [])(
      'after %s: the run goes on, and ends as if undisturbed',
      (place) => crashAt(pilot, 'after the pause', place),
      120_000,
    );
  });
});
