import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { finished, type CliOptions, type CliResult, type Pilot } from '../e2e/pilot.js';
import { processesWith } from '../processes.js';

const PRELOAD = resolve('test/crash/crash-points.mjs');

/** A run has two commands, and in between the human does their part. */
export const PHASES = ['before the pause', 'after the pause'] as const;
export type Phase = (typeof PHASES)[number];
const COMMAND: Readonly<Record<Phase, { readonly args: readonly string[]; readonly exitCode: number }>> = {
  'before the pause': { args: ['start'], exitCode: 2 },
  'after the pause': { args: ['resume', 'latest'], exitCode: 0 },
};

/** Brings a new site to where the phase begins. */
export async function prepare(pilot: Pilot, phase: Phase): Promise<void> {
  if (phase === 'before the pause') return;
  await expectExit(pilot, ['start'], 2);
  await pilot.verify();
}

/** Makes the phase undisturbed; the names of all places that it passes, in order (see crash-points.mjs). */
export async function placesOf(pilot: Pilot, phase: Phase): Promise<string[]> {
  const log = join(pilot.directory, 'places.log');
  const { args, exitCode } = COMMAND[phase];
  await expectExit(pilot, args, exitCode, { CRASH_LOG: log });
  return readFileSync(log, 'utf8').trimEnd().split('\n');
}

/** Makes the phase and kills the process at the place; goes on to the end, and sees that all is as if nothing had been. */
export async function crashAt(pilot: Pilot, phase: Phase, place: string): Promise<void> {
  const { signal, stdout, stderr } = await drive(pilot, COMMAND[phase].args, { CRASH_AT: place });
  assert.equal(signal, 'SIGKILL', `the place was not passed: ${stdout}${stderr}`);
  if (phase === 'before the pause') {
    await expectExit(pilot, await goingOn(pilot, phase), COMMAND[phase].exitCode);
    await pilot.verify();
  }
  await expectExit(pilot, ['resume', 'latest'], 0);
  const step = place.slice(0, place.indexOf(':'));
  await isAsUndisturbed(pilot, step === 'at rest' ? [] : [step]);
}

/** One run, killed at each of these places in their order, each of another step: it goes on every time, and ends as if nothing had been. */
export async function crashAtEach(pilot: Pilot, phase: Phase, places: readonly string[]): Promise<void> {
  for (const place of places) {
    const { signal, stdout, stderr } = await drive(pilot, await goingOn(pilot, phase), { CRASH_AT: place });
    assert.equal(signal, 'SIGKILL', `${place} was not passed: ${stdout}${stderr}`);
  }
  await expectExit(pilot, ['resume', 'latest'], exitCodeOf(phase));
  if (phase === 'before the pause') {
    await pilot.verify();
    await expectExit(pilot, ['resume', 'latest'], 0);
  }
  await isAsUndisturbed(
    pilot,
    places.map((place) => place.slice(0, place.indexOf(':'))),
  );
}

/** The command that goes on with a phase: when no run is on record yet, there is none to resume, and it is begun again. */
export async function goingOn(pilot: Pilot, phase: Phase): Promise<readonly string[]> {
  return (await runsOnRecord(pilot)) > 0 ? ['resume', 'latest'] : COMMAND[phase].args;
}

/** The exit code with which the phase is done. */
export function exitCodeOf(phase: Phase): number {
  return COMMAND[phase].exitCode;
}

/** No database is no run, and neither is one that was killed before there was a table in it. */
async function runsOnRecord(pilot: Pilot): Promise<number> {
  if (!existsSync(join(pilot.site.repository, '.cutover/cutover.db'))) return 0;
  const { runs, error } = await pilot.json<{ runs?: readonly unknown[]; error?: { readonly message: string } }>(['list']);
  if (runs !== undefined) return runs.length;
  assert.match(error?.message ?? '', / is empty: start a run first/);
  return 0;
}

async function expectExit(pilot: Pilot, args: readonly string[], expected: number, env: CliOptions['env'] = {}): Promise<void> {
  const { exitCode, stdout, stderr } = await drive(pilot, args, env);
  assert.equal(exitCode, expected, `cutover ${args.join(' ')}: ${stdout}${stderr}`);
}

/** Whatever drives a run has a process of its own, which passes by the places; what only looks at one needs none. */
function drive(pilot: Pilot, args: readonly string[], env: CliOptions['env']): Promise<CliResult> {
  return finished(pilot.spawn(args, preload(env)));
}

async function isSound(pilot: Pilot, args: readonly string[]): Promise<void> {
  const { exitCode, stdout, stderr } = await pilot.cutover(args);
  assert.equal(exitCode, 0, `cutover ${args.join(' ')}: ${stdout}${stderr}`);
}

/** As text: lists of another realm, as jest has one for each test file, are never deeply equal. */
function same(found: readonly string[], expected: readonly string[]): void {
  assert.equal(found.join('\n'), expected.join('\n'));
}

/** Has the command pass by the places. */
export function preload(env: CliOptions['env']): CliOptions {
  return { env: { NODE_OPTIONS: `--import=${PRELOAD}`, ...env } };
}

interface Status {
  readonly attempts: readonly { readonly step: string; readonly attempt: number; readonly status: string }[];
}

const STEPS = [
  ...['preflight', 'capturingScope', 'runningRcGates', 'runningStagingDryRun', 'drillingAppRollback', 'restoringStaging'],
  ...['preparingCheckpoint', 'sealing.scanning', 'sealing.archiving', 'sealing.hashing', 'sealing.retention'],
  ...['sealing.uploading', 'sealing.verifying', 'summarizing'],
];
const FILES = [
  ...['00_scope.txt', '10_preflight.json', '30_rc_gates.txt', '40_staging_dry_run.txt', '50_rollback_drill.txt'],
  ...['55_db_rollback_human_checkpoint.txt', '56_db_restore_screenshots', '57_secret_scan.json', '58_history.ndjson'],
  ...['59_index.sha256', '60_evidence_seal_manifest.json', '65_attestation.dsse.json', '70_worm_upload_stdout.txt'],
  '80_history_after_seal.ndjson',
  ...['90_result_summary.txt', 'evidence.tar.gz', 'evidence.tar.gz.sha256'],
];

/**
 * Every step succeeded once, after as many interrupted attempts as there were interruptions (null: any number); nothing was done
 * twice, nothing is missing, nobody is left.
 */
export async function isAsUndisturbed(pilot: Pilot, interrupted: readonly string[] | null): Promise<void> {
  const { attempts } = await pilot.json<Status>(['status', 'latest']);
  const shown = attempts.map(({ step, attempt, status }) => `${step} ${attempt} ${status}`);
  const expected = STEPS.flatMap((step) => {
    const times = (interrupted ?? attempts.filter(({ status }) => status === 'interrupted').map((each) => each.step)).filter(
      (each) => each === step,
    ).length;
    const before = Array.from({ length: times }, (_, index) => `${step} ${index + 1} interrupted`);
    return [...before, `${step} ${times + 1} succeeded`];
  });
  same(shown, expected);
  await isSound(pilot, ['doctor']);
  await isSound(pilot, ['verify', 'latest']);
  assert.match(await pilot.evidence('90_result_summary.txt'), /^VERDICT: PASS$/m);
  const files = readdirSync(await pilot.runDirectory()).filter((name) => !name.includes('.attempt-'));
  same(files.toSorted(), FILES.toSorted());
  same(
    processesWith(pilot.directory).map(({ commandLine }) => commandLine),
    [],
  );
  const keys = pilot.site.s3.state().versions.map(({ key }) => key);
  same(keys, [...new Set(keys)]);
  assert.equal(keys.filter((key) => key.endsWith('/evidence.tar.gz')).length, 1);
  const rollouts = pilot.site.kubernetes.effects().filter(({ kind }) => kind === 'rollout');
  assert.equal(rollouts.length, 6, 'each deployment goes back once and forward once');
}
