import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { resolve } from 'node:path';
import { Pilot } from './pilot.js';

const PRELOAD = resolve('test/e2e/kill-during.mjs');

/** Steps, and how many transactions after their start: 1 is with the log on record, 3 in the middle of commands or of the drill. */
const BEFORE_THE_PAUSE = [
  ['preflight', 0],
  ['preflight', 3],
  ['capturingScope', 0],
  ['runningRcGates', 0],
  ['runningRcGates', 2],
  ['runningStagingDryRun', 3],
  ['drillingAppRollback', 0],
  ['drillingAppRollback', 6],
  ['drillingAppRollback', 16],
  ['restoringStaging', 3],
  ['preparingCheckpoint', 0],
] as const;
const AFTER_THE_PAUSE = [
  ['sealing.scanning', 0],
  ['sealing.archiving', 0],
  ['sealing.hashing', 0],
  ['sealing.retention', 0],
  ['sealing.uploading', 0],
  ['sealing.uploading', 2],
  ['sealing.verifying', 0],
  ['summarizing', 0],
] as const;

interface Status {
  readonly attempts: readonly { readonly step: string; readonly attempt: number; readonly status: string }[];
}

describe('kill -9 in a step, then resume', () => {
  describe('before the pause', () => {
    let pilot: Pilot;
    beforeEach(async () => {
      pilot = await Pilot.create();
    });
    afterEach(() => pilot.dispose());

    test.each(BEFORE_THE_PAUSE)(
      '%s, %i transactions after it started: the run completes with both attempts on record, and no process is left',
      async (step, after) => {
        expect(await pilot.cutover(['start'], { env: killing(step, after) })).toMatchObject({ signal: 'SIGKILL' });
        expect(await pilot.cutover(['resume', 'latest'])).toMatchObject({ exitCode: 2 });
        await pilot.verify();
        expect(await pilot.cutover(['resume', 'latest'])).toMatchObject({ exitCode: 0 });
        await expectCompleted(pilot, step);
      },
      90_000,
    );
  });

  describe('after the pause', () => {
    let pilot: Pilot;
    beforeAll(async () => {
      pilot = await Pilot.create();
      expect(await pilot.cutover(['start'])).toMatchObject({ exitCode: 2 });
      await pilot.verify();
      await pilot.save();
    }, 90_000);
    beforeEach(() => pilot.restore());
    afterAll(() => pilot?.dispose());

    test.each(AFTER_THE_PAUSE)(
      '%s, %i transactions after it started: the run completes with both attempts on record and exactly one locked archive',
      async (step, after) => {
        expect(await pilot.cutover(['resume', 'latest'], { env: killing(step, after) })).toMatchObject({ signal: 'SIGKILL' });
        expect(await pilot.cutover(['resume', 'latest'])).toMatchObject({ exitCode: 0 });
        await expectCompleted(pilot, step);
      },
      90_000,
    );
  });
});

function killing(step: string, after: number) {
  return { NODE_OPTIONS: `--import=${PRELOAD}`, KILL_STEP: step, KILL_AFTER: String(after) };
}

/** The run as `status` tells it, proven to be sound: complete, with this step's first attempt interrupted, and no process left. */
async function expectCompleted(pilot: Pilot, step: string): Promise<void> {
  const { attempts } = await pilot.json<Status>(['status', 'latest']);
  const ofStep = attempts.filter((attempt) => attempt.step === step).map(({ attempt, status }) => ({ attempt, status }));
  expect(ofStep).toEqual([
    { attempt: 1, status: 'interrupted' },
    { attempt: 2, status: 'succeeded' },
  ]);
  expect(
    attempts.filter((attempt) => attempt.step !== step).every(({ status, attempt }) => status === 'succeeded' && attempt === 1),
  ).toBe(true);
  expect(await pilot.cutover(['doctor'])).toMatchObject({ exitCode: 0 });
  expect(await pilot.evidence('90_result_summary.txt')).toContain('VERDICT: PASS');
  expect(processesIn(pilot.directory)).toEqual([]);
  expect(pilot.site.s3.state().versions.filter(({ key }) => key.endsWith('evidence.tar.gz'))).toHaveLength(1);
}

/** Command lines of processes whose environment or working directory is below the directory. */
function processesIn(directory: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      const environment = readProcess(pid, 'environ');
      return environment.includes(directory) ? [readProcess(pid, 'cmdline').replaceAll('\0', ' ')] : [];
    });
}

/** Empty for a process that has ended since, or is another user's. */
function readProcess(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES') return '';
    throw error;
  }
}
