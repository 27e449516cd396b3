import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { CliResult } from '../e2e/pilot.js';
import type { Command, FaultCase, FaultGroup } from './fault-case.js';
import { FaultPilot } from './fault-pilot.js';

/** A case takes seconds; a starved machine may need minutes. */
const TIMEOUT_MS = 300_000;

/** The tests of one group: each case fails as it says, loses nothing, and goes on when it is mended. */
export function describeFaults({ title, stage, cases }: FaultGroup): void {
  describe(title, () => {
    if (stage === 'preflight') describePreflight(cases);
    else if (stage === 'run') describeRun(cases);
    else describePause(cases);
  });
}

/**
 * All cases on one site, one after the other. That a cause is mended is seen in the next case: only its own checks fail there;
 * and in the end all pass.
 */
function describePreflight(cases: readonly FaultCase[]): void {
  let pilot: FaultPilot;
  beforeAll(async () => {
    pilot = await FaultPilot.create();
  });
  beforeEach(() => pilot.clearFaults());
  afterAll(() => pilot?.dispose());

  test.each(cases.map((fault) => [titleOf(fault), fault] as const))(
    '%s',
    async (_title, fault) => {
      const runs = (await pilot.runIds()).length;
      const recorded = pilot.evidence();
      await failsAsItSays(pilot, fault, ['run']);
      await touchedNothing(pilot, fault, runs);
      await goesOn(pilot, fault, []);
      expect(pilot.lost(recorded)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test(
    'and when all of it is mended, the preflight passes',
    async () => {
      const { exitCode, stdout } = await pilot.cutover(['preflight']);
      expect({ exitCode, stdout }).toMatchObject({ exitCode: 0 });
      await isSound(pilot);
    },
    TIMEOUT_MS,
  );
}

function describeRun(cases: readonly FaultCase[]): void {
  let pilot: FaultPilot;
  beforeEach(async () => {
    pilot = await FaultPilot.create();
  });
  afterEach(() => pilot.dispose());

  test.each(cases.map((fault) => [titleOf(fault), fault] as const))(
    '%s',
    async (_title, fault) => {
      await failsAsItSays(pilot, fault, ['run']);
      const kept = pilot.evidence();
      await goesOn(pilot, fault, [{ args: ['run'], exitCode: 2 }]);
      expect(pilot.lost(kept)).toEqual([]);
      await isSound(pilot);
    },
    TIMEOUT_MS,
  );
}

/** One run is brought to the pause; each case begins there again. */
function describePause(cases: readonly FaultCase[]): void {
  let pilot: FaultPilot;
  let evidenceDir: string;
  beforeAll(async () => {
    pilot = await FaultPilot.create();
    expect(await pilot.cutover(['run'])).toMatchObject({ exitCode: 2 });
    evidenceDir = (await pilot.runDirectory()) ?? '';
    await pilot.verify();
    await pilot.save();
  }, TIMEOUT_MS);
  beforeEach(() => pilot.restore());
  afterAll(() => pilot?.dispose());

  test.each(cases.map((fault) => [titleOf(fault), fault] as const))(
    '%s',
    async (_title, fault) => {
      const sealOnly = ['run', '--seal-only'];
      pilot.setVariable('EVIDENCE_DIR', evidenceDir);
      const recorded = pilot.evidence();
      await failsAsItSays(pilot, fault, sealOnly, basename(evidenceDir));
      const kept = pilot.evidence();
      await goesOn(pilot, fault, [{ args: sealOnly, exitCode: 0 }], evidenceDir);
      expect(pilot.lost(new Map([...recorded].filter(([digest]) => kept.has(digest))))).toEqual([]);
      expect(lockedArchives(pilot)).toBe(fault.archives ?? (endsSealed(fault) ? 1 : 0));
      await isSound(pilot);
    },
    TIMEOUT_MS,
  );
}

function titleOf({ what, how, args }: FaultCase): string {
  return `${what}: ${how}${args === undefined ? '' : ` (cutover ${args.join(' ')})`}`;
}

async function failsAsItSays(pilot: FaultPilot, fault: FaultCase, begin: readonly string[], runId = ''): Promise<void> {
  await fault.inject(pilot);
  const { faults: armed, requests: before } = pilot.site.s3.state();
  const hiddenIn = () => (fault.hides === undefined ? [] : pilot.filesWith(fault.hides));
  const hiddenBefore = hiddenIn();
  const result = await pilot.cutover(naming(runId, fault.args ?? begin), fault.meanwhile);
  const met = pilot.site.s3
    .state()
    .requests.slice(before.length)
    .filter((request) => request.fault !== null);
  expect(met.map(({ operation }) => operation)).toEqual(expect.arrayContaining(armed.map(({ operation }) => operation)));
  expect({ ...result, exitCode: result.exitCode }).toMatchObject({ exitCode: fault.exitCode ?? 1 });
  const printed = result.stdout + result.stderr;
  const words = [...fault.says, ...((await fault.shows?.(pilot)) ?? [])];
  for (const part of words) expect(oneGap(printed)).toContain(oneGap(part));
  expect(result.stdout.includes('VERDICT: PASS')).toBe(fault.exitCode === 0);
  if (fault.hides !== undefined) expect(printed).not.toContain(fault.hides);
  expect(hiddenIn()).toEqual(hiddenBefore);
  await fault.holds?.(pilot);
  if (fault.doctor !== undefined) {
    const { exitCode, stdout } = await pilot.cutover(['doctor']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: expect.stringMatching(/^FAULT/m) });
    expect(stdout).toContain(fault.doctor);
  }
}

function endsSealed({ exitCode, goesOn }: FaultCase): boolean {
  return exitCode === 0 || (goesOn ?? [{ exitCode: 0 }]).some((command) => command.exitCode === 0);
}

function naming(runId: string, args: readonly string[]): string[] {
  return args.map((arg) => arg.replaceAll('<run>', runId));
}

/** Columns of a table are as wide as what is in them. */
function oneGap(text: string): string {
  return text.replace(/ {2,}/g, '  ');
}

/** Of a failed preflight only its own report and the run's record remain, and only the checks that were made to fail failed. */
async function touchedNothing(pilot: FaultPilot, { failedChecks, args }: FaultCase, runs: number): Promise<void> {
  expect(pilot.site.kubernetes.effects().filter(({ kind }) => kind === 'write')).toEqual([]);
  expect(pilot.site.s3.state().versions).toEqual([]);
  if (args !== undefined) return;
  expect(await pilot.runIds()).toHaveLength(runs + 1);
  const report = JSON.parse(await readFile(await pilot.evidenceFile('10_preflight.json'), 'utf8')) as {
    result: string;
    checks: { name: string; ok: boolean }[];
  };
  expect(report.result).toBe('FAIL');
  expect(report.checks.filter(({ ok }) => !ok).map(({ name }) => name)).toEqual(failedChecks);
}

async function goesOn(pilot: FaultPilot, fault: FaultCase, byStage: readonly Command[], paused?: string): Promise<void> {
  const evidenceDir = paused ?? (await pilot.runDirectory());
  await pilot.clearFaults();
  await fault.mend?.(pilot);
  if (evidenceDir !== null) pilot.setVariable('EVIDENCE_DIR', evidenceDir);
  for (const { args, exitCode, says = '' } of fault.goesOn ?? byStage) {
    const result: CliResult = await pilot.cutover(naming(basename(evidenceDir ?? ''), args));
    expect({ args, ...result }).toMatchObject({ args, exitCode });
    expect(result.stdout + result.stderr).toContain(says);
    if (args.includes('--seal-only') && exitCode === 0) expect(result.stdout).toContain('VERDICT: PASS');
  }
  await fault.holdsInTheEnd?.(pilot);
}

/** Nothing lies twice in the bucket: of the archive, and of each object beside it, there is one version. */
function lockedArchives(pilot: FaultPilot): number {
  const locked = pilot.site.s3.state().versions.filter(({ mode }) => mode !== null);
  const keys = locked.map(({ key }) => key);
  expect(keys).toEqual([...new Set(keys)]);
  return keys.filter((key) => key.endsWith('/evidence.tar.gz')).length;
}

async function isSound(pilot: FaultPilot): Promise<void> {
  const { exitCode, stdout } = await pilot.cutover(['doctor']);
  expect({ exitCode, stdout }).toMatchObject({ exitCode: 0 });
}
