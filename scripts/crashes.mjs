import { availableParallelism } from 'node:os';
import { crashAt, PHASES, placesOf, prepare } from '../dist/test/crash/crash-case.js';
import { Pilot } from '../dist/test/e2e/pilot.js';

/**
 * `npm run crashes [-- TEXT]`: kills the process at every single place of a whole run, or at those with this text in their name,
 * one at a time, and goes on; exit code 1 when one run did not end as if undisturbed. Source of the places: an undisturbed run.
 */
const [text = ''] = process.argv.slice(2);
const began = Date.now();
const failures = [];
let tried = 0;
for (const phase of PHASES) {
  const places = (await onSite(phase, (pilot) => placesOf(pilot, phase))).filter((place) => place.includes(text));
  console.log(`${phase}: ${places.length} places`);
  const left = [...places];
  await Promise.all(Array.from({ length: availableParallelism() }, () => work(phase, left)));
}
for (const { phase, place, error } of failures) console.log(`FAILED ${phase}, ${place}: ${error.message}`);
console.log(
  `${tried} places in ${Math.round((Date.now() - began) / 1000)} s: ${tried - failures.length} as undisturbed, ${failures.length} not`,
);
process.exitCode = failures.length === 0 && tried > 0 ? 0 : 1;

/** One worker; before the pause each place needs a site of its own, after it the same pause is brought back. */
async function work(phase, left) {
  if (phase === 'before the pause') {
    for (let place = left.shift(); place !== undefined; place = left.shift())
      await onSite(phase, (pilot) => attempt(pilot, phase, place));
    return;
  }
  await onSite(phase, async (pilot) => {
    await pilot.save();
    for (let place = left.shift(); place !== undefined; place = left.shift()) {
      await pilot.restore();
      await attempt(pilot, phase, place);
    }
  });
}

async function attempt(pilot, phase, place) {
  try {
    await crashAt(pilot, phase, place);
  } catch (error) {
    failures.push({ phase, place, error });
  }
  tried += 1;
  if (tried % 25 === 0) console.log(`${tried} tried, ${failures.length} failed`);
}

async function onSite(phase, use) {
  const pilot = await Pilot.create();
  try {
    await prepare(pilot, phase);
    return await use(pilot);
  } finally {
    await pilot.dispose();
  }
}
