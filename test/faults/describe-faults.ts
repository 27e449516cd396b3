import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { verifyEvidence } from '../../src/evidence/verify/verify-evidence.js';
import type { CliResult } from '../e2e/pilot.js';
import { directoryToVerify, verifyWith } from '../evidence/verify/sealed-run.js';
import type { Command, FaultCase, FaultGroup, Stage } from './fault-case.js';
import { FaultPilot } from './fault-pilot.js';

/** A case takes seconds; a starved machine may need minutes. */
const TIMEOUT_MS = 300_000;
const SEAL_ONLY = ['run', '--seal-only'];
/** One site for several cases is one commit in one environment: a case that gets to the pause leaves its run open. */
const AGAIN = ['run', '--again', '--reason', 'the next case'];

/** The tests of one group: each case fails as it says, loses nothing, and goes on when it is mended. */
export function describeFaults({ title, stage, cases }: FaultGroup): void {
  describe(title, () => STAGES[stage](cases));
}

const STAGES: Readonly<Record<Stage, (cases: readonly FaultCase[]) => void>> = {
  preflight: describePreflight,
  step: describeStep,
  gate: describeGate,
  run: describeRun,
  seal: describeSeal,
};

function describePreflight(cases: readonly FaultCase[]): void {
  const site = oneSite();
  beforeEach(() => site.pilot.clearFaults());

  eachCase(cases, async (fault) => {
    const { pilot } = site;
    const runs = (await pilot.runIds()).length;
    const recorded = pilot.evidence();
    await failsAsItSays(pilot, fault, ['run']);
    await touchedNothing(pilot, fault, runs);
    await goesOn(pilot, fault, []);
    expect(pilot.lost(recorded)).toEqual([]);
  });

  inTheEnd('the preflight passes', async () => {
    const { exitCode, stdout } = await site.pilot.process(['preflight']);
    expect({ exitCode, stdout }).toMatchObject({ exitCode: 0 });
    await isSound(site.pilot);
  });
}

function describeStep(cases: readonly FaultCase[]): void {
  const site = oneSite();
  beforeEach(() => site.pilot.clearFaults());

  eachCase(cases, async (fault) => {
    await endsInAStep(site.pilot, fault, [], AGAIN);
  });

  inTheEnd('a new run reaches the pause', async () => {
    const { exitCode, stdout, stderr } = await site.pilot.process(AGAIN);
    expect({ exitCode, stdout, stderr }).toMatchObject({ exitCode: 2 });
    await isSound(site.pilot);
  });
}

function describeGate(cases: readonly FaultCase[]): void {
  const site = oneSite();
  let evidenceDir: string;
  beforeAll(async () => {
    evidenceDir = await reachPause(site.pilot);
  }, TIMEOUT_MS);
  beforeEach(async () => {
    await site.pilot.clearFaults();
    site.pilot.setVariable('EVIDENCE_DIR', evidenceDir);
  });

  eachCase(cases, async (fault) => {
    await endsAtThePause(site.pilot, fault, evidenceDir, []);
    expect(lockedArchives(site.pilot)).toBe(0);
  });

  inTheEnd('the run is sealed', async () => {
    const { exitCode, stdout, stderr } = await site.pilot.process(SEAL_ONLY);
    expect({ exitCode, stdout, stderr }).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('VERDICT: PASS') });
    expect(lockedArchives(site.pilot)).toBe(1);
    await isSound(site.pilot);
  });
}

/** The site is saved before the first run; each case begins there. */
function describeRun(cases: readonly FaultCase[]): void {
  const site = oneSite();
  beforeAll(() => site.pilot.save());
  beforeEach(() => site.pilot.restoreAll());
  afterEach(() => site.pilot.killBackground());

  eachCase(cases, async (fault) => {
    await endsInAStep(site.pilot, fault, [{ args: ['run'], exitCode: 2 }]);
    expect(await site.pilot.recordFaults()).toEqual([]);
  });
}

/** One run is brought to the pause; each case begins there again. */
function describeSeal(cases: readonly FaultCase[]): void {
  const site = oneSite();
  let evidenceDir: string;
  beforeAll(async () => {
    evidenceDir = await reachPause(site.pilot);
    await site.pilot.save();
  }, TIMEOUT_MS);
  beforeEach(async () => {
    await site.pilot.restore();
    site.pilot.setVariable('EVIDENCE_DIR', evidenceDir);
  });

  eachCase(cases, async (fault) => {
    const { pilot } = site;
    await endsAtThePause(pilot, fault, evidenceDir, [{ args: SEAL_ONLY, exitCode: 0 }]);
    expect(lockedArchives(pilot)).toBe(fault.archives ?? (endsSealed(fault) ? 1 : 0));
    expect(await pilot.recordFaults()).toEqual([]);
  });
}

/** A run fails as the case says; all that it has written is kept, and it goes on. */
async function endsInAStep(
  pilot: FaultPilot,
  fault: FaultCase,
  byStage: readonly Command[],
  begin: readonly string[] = ['run'],
): Promise<void> {
  await failsAsItSays(pilot, fault, begin);
  const kept = pilot.evidence();
  await goesOn(pilot, fault, byStage);
  expect(pilot.lost(kept)).toEqual([]);
}

/** The same of a run that waits: what the fault itself did not take away is kept. */
async function endsAtThePause(
  pilot: FaultPilot,
  fault: FaultCase,
  evidenceDir: string,
  byStage: readonly Command[],
): Promise<void> {
  const recorded = pilot.evidence();
  await failsAsItSays(pilot, fault, SEAL_ONLY, basename(evidenceDir));
  const kept = pilot.evidence();
  await goesOn(pilot, fault, byStage, evidenceDir);
  expect(pilot.lost(new Map([...recorded].filter(([digest]) => kept.has(digest))))).toEqual([]);
}

function eachCase(cases: readonly FaultCase[], promise: (fault: FaultCase) => Promise<void>): void {
  const titled = cases.map((fault) => [titleOf(fault), fault] as const);
  test.each(titled)('%s', (_title, fault) => promise(fault), TIMEOUT_MS);
}

function inTheEnd(what: string, promise: () => Promise<void>): void {
  test(`and when all of it is mended, ${what}`, promise, TIMEOUT_MS);
}

/** One site for all cases of the group; it is there from the first one on. */
function oneSite(): { readonly pilot: FaultPilot } {
  let pilot: FaultPilot | undefined;
  beforeAll(async () => {
    pilot = await FaultPilot.create();
  });
  afterAll(() => pilot?.dispose());
  return {
    get pilot() {
      if (pilot === undefined) throw new Error('the site could not be created');
      return pilot;
    },
  };
}

/** Returns the evidence directory of a run that waits with a completed checkpoint; the process that brought it there is gone. */
async function reachPause(pilot: FaultPilot): Promise<string> {
  expect(await pilot.process(['run'])).toMatchObject({ exitCode: 2 });
  await pilot.verify();
  return (await pilot.runDirectory()) ?? '';
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
    if (args.includes('--seal-only') && exitCode === 0) {
      expect(result.stdout).toContain('VERDICT: PASS');
      // What `cutover verify DIRECTORY` does, without a process of its own for each of hundreds of cases.
      const { checks } = await verifyEvidence(directoryToVerify(evidenceDir ?? ''), verifyWith(), new AbortController().signal);
      expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    }
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
  const { exitCode, stdout } = await pilot.process(['doctor']);
  expect({ exitCode, stdout }).toMatchObject({ exitCode: 0 });
}
