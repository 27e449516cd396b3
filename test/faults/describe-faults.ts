import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { CliResult } from '../e2e/pilot.js';
import type { Command, FaultCase, FaultGroup } from './fault-case.js';
import { FaultPilot } from './fault-pilot.js';

/** A case takes seconds; a starved machine may need minutes. */
const TIMEOUT_MS = 300_000;

/** The tests of one group: each case fails as it says, loses nothing, and goes on when it is mended. */
export function describeFaults({ title, stage, cases }: FaultGroup): void {
  describe(title, () => {
    if (stage === 'pause') describePause(cases);
    else describeFreshSite(cases, stage);
  });
}

function describeFreshSite(cases: readonly FaultCase[], stage: 'preflight' | 'run'): void {
  let pilot: FaultPilot;
  beforeEach(async () => {
    pilot = await FaultPilot.create();
  });
  afterEach(() => pilot.dispose());

  test.each(cases.map((fault) => [fault.what, fault.how, fault] as const))(
    '%s: %s',
    async (_what, _how, fault) => {
      await failsAsItSays(pilot, fault, ['run']);
      if (stage === 'preflight') await touchedNothing(pilot, fault);
      const kept = pilot.evidence();
      await goesOn(pilot, fault, [stage === 'preflight' ? { args: ['preflight'], exitCode: 0 } : { args: ['run'], exitCode: 2 }]);
      expect(pilot.lost(kept)).toEqual([]);
      if (stage === 'run') await isSound(pilot);
    },
    TIMEOUT_MS,
  );
}

/** One run is brought to the pause; each case begins there again. */
function describePause(cases: readonly FaultCase[]): void {
  let pilot: FaultPilot;
  beforeAll(async () => {
    pilot = await FaultPilot.create();
    expect(await pilot.cutover(['run'])).toMatchObject({ exitCode: 2 });
    await pilot.verify();
    await pilot.save();
  }, TIMEOUT_MS);
  beforeEach(() => pilot.restore());
  afterAll(() => pilot?.dispose());

  test.each(cases.map((fault) => [fault.what, fault.how, fault] as const))(
    '%s: %s',
    async (_what, _how, fault) => {
      const sealOnly = ['run', '--seal-only'];
      pilot.setVariable('EVIDENCE_DIR', (await pilot.runDirectory()) ?? '');
      const recorded = pilot.evidence();
      await failsAsItSays(pilot, fault, sealOnly);
      const kept = pilot.evidence();
      await goesOn(pilot, fault, [{ args: sealOnly, exitCode: 0 }]);
      expect(pilot.lost(new Map([...recorded].filter(([digest]) => kept.has(digest))))).toEqual([]);
      expect(lockedArchives(pilot)).toBe(fault.goesOn?.every(({ exitCode }) => exitCode !== 0) ? 0 : 1);
      await isSound(pilot);
    },
    TIMEOUT_MS,
  );
}

async function failsAsItSays(pilot: FaultPilot, fault: FaultCase, begin: readonly string[]): Promise<void> {
  await fault.inject(pilot);
  const result = await pilot.cutover(fault.args ?? begin, fault.meanwhile);
  expect({ ...result, exitCode: result.exitCode }).toMatchObject({ exitCode: fault.exitCode ?? 1 });
  const printed = result.stdout + result.stderr;
  for (const words of fault.says) expect(printed).toContain(words);
  expect(result.stdout).not.toContain('VERDICT: PASS');
  await fault.holds?.(pilot);
}

/** Of a failed preflight only its own report and the run's record remain, and only the checks that were made to fail failed. */
async function touchedNothing(pilot: FaultPilot, { failedChecks, args }: FaultCase): Promise<void> {
  expect(pilot.site.kubernetes.effects()).toEqual([]);
  expect(pilot.site.s3.state().versions).toEqual([]);
  if (args !== undefined) return;
  const report = JSON.parse(await readFile(await pilot.evidenceFile('10_preflight.json'), 'utf8')) as {
    result: string;
    checks: { name: string; ok: boolean }[];
  };
  expect(report.result).toBe('FAIL');
  expect(report.checks.filter(({ ok }) => !ok).map(({ name }) => name)).toEqual(failedChecks);
}

async function goesOn(pilot: FaultPilot, fault: FaultCase, byStage: readonly Command[]): Promise<void> {
  const evidenceDir = await pilot.runDirectory();
  await pilot.clearFaults();
  await fault.mend?.(pilot);
  if (evidenceDir !== null) pilot.setVariable('EVIDENCE_DIR', evidenceDir);
  for (const { args, exitCode } of fault.goesOn ?? byStage) {
    const result: CliResult = await pilot.cutover(args);
    expect({ args, ...result }).toMatchObject({ args, exitCode });
    if (args.includes('--seal-only') && exitCode === 0) expect(result.stdout).toContain('VERDICT: PASS');
  }
  await fault.holdsInTheEnd?.(pilot);
}

function lockedArchives(pilot: FaultPilot): number {
  return pilot.site.s3.state().versions.filter(({ key, mode }) => key.endsWith('/evidence.tar.gz') && mode !== undefined).length;
}

async function isSound(pilot: FaultPilot): Promise<void> {
  const { exitCode, stdout } = await pilot.cutover(['doctor']);
  expect({ exitCode, stdout }).toMatchObject({ exitCode: 0 });
}
