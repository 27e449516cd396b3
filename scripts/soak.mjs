import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { exitCodeOf, goingOn, isAsUndisturbed, PHASES, placesOf, preload, prepare } from '../dist/test/crash/crash-case.js';
import { finished, Pilot } from '../dist/test/e2e/pilot.js';
import { dice } from '../dist/test/seals/disturbed-seals.js';
import { soakSeals } from './soak-seals.mjs';

/**
 * `npm run soak -- --minutes N --seed S`: whole runs, each of them disturbed again and again: killed at a place or after a while,
 * asked to end, stopped and gone on with. Each must end as if undisturbed. The same seed disturbs the same run in the same way.
 *
 * `npm run soak -- --seals N --seed S`: so many objects sealed in the stand-in for S3 and as many in Ceph, killed and cut off all the while.
 * Each must end as exactly one locked version.
 */
const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '30' }, seed: { type: 'string', default: '1' }, seals: { type: 'string' } },
});
const [minutes, seed] = [Number(values.minutes), Number(values.seed)];
if (!(minutes > 0) || !Number.isSafeInteger(seed)) {
  console.error(`--minutes is ${values.minutes} and --seed is ${values.seed}: give a number above 0, and a whole number.`);
  process.exit(64);
}
if (values.seals !== undefined) process.exit(await soakSeals(Number(values.seals), seed));
const MAX_DISTURBANCES = 4;
const LONGEST_MS = 3_000;
const SIGNALS = ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGSTOP'];

const until = Date.now() + minutes * 60_000;
const places = Object.fromEntries(await Promise.all(PHASES.map(async (phase) => [phase, await undisturbedPlaces(phase)])));
const totals = { runs: 0, disturbances: 0, failures: 0 };
let next = 0;
console.log(`Seed ${seed}, ${minutes} min, ${availableParallelism()} runs at a time.`);
await Promise.all(Array.from({ length: availableParallelism() }, work));
const { runs, disturbances, failures } = totals;
console.log(
  `${runs} runs with ${disturbances} disturbances: ${runs - failures} ended as if undisturbed (nothing lost, done twice or left running), ${failures} did not`,
);
process.exitCode = failures === 0 && runs > 0 ? 0 : 1;

async function work() {
  while (Date.now() < until) {
    const number = (next += 1);
    const pilot = await Pilot.create();
    try {
      await disturbedRun(pilot, dice(seed * 1_000_003 + number));
    } catch (error) {
      totals.failures += 1;
      console.log(`FAILED run ${number}: ${error.message}`);
    } finally {
      await pilot.dispose();
    }
    totals.runs += 1;
    if (totals.runs % 10 === 0)
      console.log(`${totals.runs} runs, ${totals.disturbances} disturbances, ${totals.failures} failed`);
  }
}

async function disturbedRun(pilot, roll) {
  for (const phase of PHASES) {
    for (let times = roll(MAX_DISTURBANCES + 1); times > 0; times -= 1) {
      totals.disturbances += 1;
      const { exitCode } = await disturbed(pilot, phase, roll);
      if (exitCode === exitCodeOf(phase)) break;
    }
    const { exitCode, stdout, stderr } = await pilot.cutover(await goingOn(pilot, phase));
    if (exitCode !== exitCodeOf(phase)) throw new Error(`${phase} it ended with ${exitCode}: ${stdout}${stderr}`);
    if (phase === 'before the pause') await pilot.verify();
  }
  await isAsUndisturbed(pilot, null);
}

/** One command of the phase, at a place of it or after a while. */
async function disturbed(pilot, phase, roll) {
  const args = await goingOn(pilot, phase);
  if (roll(2) === 0) return pilot.cutover(args, preload({ CRASH_AT: places[phase][roll(places[phase].length)] }));
  const [signal, delayMs] = [SIGNALS[roll(SIGNALS.length)], roll(LONGEST_MS)];
  const child = pilot.spawn(args);
  const ended = finished(child);
  await Promise.race([ended, sleep(delayMs)]);
  child.kill(signal);
  if (signal === 'SIGSTOP') {
    await sleep(delayMs);
    child.kill('SIGCONT');
  }
  return ended;
}

async function undisturbedPlaces(phase) {
  const pilot = await Pilot.create();
  try {
    await prepare(pilot, phase);
    return await placesOf(pilot, phase);
  } finally {
    await pilot.dispose();
  }
}
