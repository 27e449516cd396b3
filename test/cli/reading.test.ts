import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { MachineGraph } from '../../src/cli/machine-graph.js';
import { pilotMachine } from '../../src/machine/pilot-machine.js';
import { STEP_NAMES } from '../../src/machine/steps.js';
import { failing, PilotWorkspace } from './pilot-workspace.js';

const FAILED = '20260221T120001Z';
const WAITING = '20260221T120002Z';

describe('reading', () => {
  const pilot = new PilotWorkspace();
  beforeAll(async () => {
    const { runRcGates } = pilot.actors;
    pilot.actors['runRcGates'] = async (input, context) => {
      await runRcGates?.(input, context);
      return failing('RC_GATES_FAILED', 'Gate 2 failed.')(input, context);
    };
    await pilot.cutover('start');
    if (runRcGates !== undefined) pilot.actors['runRcGates'] = runRcGates;
    await pilot.cutover('replay', FAILED, '--override', '--reason', 'flaky');
    await pilot.cutover('start', '--again', '--reason', 'another one');
  });
  afterAll(() => pilot.dispose());

  test('list shows the runs, newest first; -o name only their ids', async () => {
    const { stdout } = await pilot.cutover('list');
    expect(stdout.split('\n')[0]).toMatch(/^RUN +STATUS +STEP +ATT +AGE +WAITING-ON +COMMIT +OPERATOR$/);
    expect(stdout).toMatch(
      new RegExp(`${WAITING} +waiting \\S+ +awaitingDbVerification +1 +\\S+ +db-restore-verifier +0123456789ab +operator`),
    );
    expect((await pilot.cutover('list', '-o', 'name')).stdout).toBe(`${WAITING}\n${FAILED}\n`);
    expect((await pilot.cutover('list', '--failed', '-o', 'name')).stdout).toBe('');
  });

  test('list goes through the runs page by page', async () => {
    expect((await pilot.cutover('list', '-n', '1', '-o', 'name')).stdout).toBe(`${WAITING}\n`);
    expect((await pilot.cutover('list', '--before', WAITING, '-o', 'name')).stdout).toBe(`${FAILED}\n`);
    expect((await pilot.cutover('list', '--before', FAILED)).stderr).toBe(`No run before ${FAILED}.\n`);
    for (const before of ['latest', '2026']) {
      const { code, stderr } = await pilot.cutover('list', '--before', before);
      expect([code, stderr]).toEqual([
        64,
        expect.stringContaining(`--before is ${JSON.stringify(before)}: give a run's whole id`),
      ]);
    }
  });

  test('history goes through the transitions page by page, what matches only', async () => {
    const seqs = async (...options: string[]) =>
      (await pilot.cutover('history', FAILED, '--json', ...options)).stdout
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => (JSON.parse(line) as { seq: number }).seq);
    const all = await seqs();
    expect(await seqs('--limit', '3')).toEqual([1, 2, 3]);
    expect(await seqs('--after', '2', '--limit', '2')).toEqual([3, 4]);
    expect(await seqs('--after', String(all.length - 1))).toEqual([all.length]);
    expect(await seqs('--after', String(all.length))).toEqual([]);
    const matching = await seqs('--step', 'runningRcGates');
    expect(matching.length).toBeGreaterThan(2);
    expect(await seqs('--step', 'runningRcGates', '--limit', '2')).toEqual(matching.slice(0, 2));
    for (const options of [
      ['--at', '1', '--limit', '2'],
      ['--after', '1', '--diff', '1', '2'],
    ]) {
      const { code, stderr } = await pilot.cutover('history', FAILED, ...options);
      expect([code, stderr]).toEqual([64, expect.stringContaining('cannot be used with')]);
    }
  });

  test('status shows each step with its attempts, and the next command of each role', async () => {
    const { code, stdout } = await pilot.cutover('status', FAILED);
    expect(code).toBe(0);
    expect(stdout).toMatch(/runningRcGates +PASS +2 +2026-02-21 12:00:01 +\S+ +30_rc_gates\.txt/);
    expect(stdout).toMatch(/awaitingDbVerification +WAITING/);
    expect(stdout).toMatch(/DB restore verifier +cutover sign-off/);
    expect(stdout).not.toContain('\u001b');
  });

  test('history reads like the execution order, and as JSON gives the chained records', async () => {
    const { stdout } = await pilot.cutover('history', WAITING);
    expect(stdout).toMatch(
      /done runningRcGates +runningRcGates -> runningStagingDryRun +1 +operator\(engine\) +Step 1: RC Gates PASS/,
    );
    const lines = (await pilot.cutover('history', WAITING, '--json')).stdout.trim().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { seq: number }).seq)).toEqual(lines.map((_, index) => index + 1));
    expect((await pilot.cutover('history', FAILED, '--failed')).stdout).toContain('RC_GATES_FAILED: Gate 2 failed.');
    expect((await pilot.cutover('history', WAITING, '--at', '1')).stdout).toContain('"value": "preflight"');
    expect((await pilot.cutover('history', WAITING, '--at', '999')).code).toBe(64);
  });

  test('history shows what changed between two transitions, value by value', async () => {
    const { stdout } = await pilot.cutover('history', WAITING, '--diff', '2', '3');
    expect(stdout).toMatch(/^PATH +AT 2 +AT 3\n/);
    expect(stdout).toMatch(/^\/value +"capturingScope" +"runningRcGates"$/m);
    expect(stdout).toMatch(/^\/context\/results\/capturingScope +\(none\) +\{"at":/m);
    expect(stdout).not.toContain('/context/results/preflight');
    const document = JSON.parse((await pilot.cutover('history', WAITING, '--diff', '3', '2', '--json')).stdout);
    expect(document).toMatchObject({ run: WAITING, from: 3, to: 2 });
    expect(document.changes).toContainEqual({ path: '/value', before: 'runningRcGates', after: 'capturingScope' });
    expect((await pilot.cutover('history', WAITING, '--diff', '3', '3')).stdout).toBe('No difference.\n');
  });

  test.each([['7'], ['7', 'x'], ['1', '2', WAITING], ['0', '1'], ['1', '999'], ['1', '2', '--at', '1']])(
    'history --diff %s %s is refused by name',
    async (...seqs) => {
      const { code, stderr } = await pilot.cutover('history', WAITING, '--diff', ...seqs);
      expect(code).toBe(64);
      expect(stderr).toMatch(/--diff is ".+": give two transitions|has no transition 999|cannot be used with/);
    },
  );

  test('logs finds the log of each attempt, the kept one of an earlier attempt included', async () => {
    expect(await pilot.cutover('logs', FAILED, 'runningRcGates')).toMatchObject({ code: 0, stdout: 'gate 1 ok\ngate 2 ok\n' });
    const failed = await pilot.cutover('logs', FAILED, '--failed');
    expect(failed.stdout).toBe('gate 1 ok\ngate 2 ok\n');
    expect(failed.stderr).toContain('30_rc_gates.attempt-1.txt');
    expect((await pilot.cutover('logs', FAILED, 'runningRcGates', '--tail', '1')).stdout).toBe('gate 2 ok\n');
    expect((await pilot.cutover('logs', FAILED, 'runningRcGates', '--follow', '--json')).stdout).toBe(
      '{"line":"gate 1 ok"}\n{"line":"gate 2 ok"}\n',
    );
    expect((await pilot.cutover('logs', FAILED, 'runningRcGate')).code).toBe(64);
  });

  test('watch of a run that rests shows its history and ends with its exit code', async () => {
    const { code, stdout } = await pilot.cutover('watch', WAITING);
    expect(code).toBe(2);
    expect(stdout).toContain('✓ Step 2: Staging dry-run PASS');
  });

  test('the beginning of more than one id, or of none, is refused by name', async () => {
    expect(await pilot.cutover('status', '2026')).toMatchObject({ code: 64, stderr: expect.stringContaining(FAILED) });
    expect(await pilot.cutover('status', '1999')).toMatchObject({ code: 64, stderr: expect.stringContaining('"1999"') });
  });

  test('the graph has every state of the machine, and the state of the run in it', async () => {
    const { stdout } = await pilot.cutover('graph', '--run', WAITING);
    for (const state of [...STEP_NAMES, ...Object.keys(pilotMachine.states)]) expect(stdout).toContain(state.replace('.', '_'));
    expect(stdout).toContain('class awaitingDbVerification current');
    expect((await pilot.cutover('graph', '--format', 'svg')).stdout).toContain('</svg>');
  });

  test('the graph has the events that lead away from everywhere only when it is asked for all, and all that it promises', async () => {
    const [, promise = ''] = /--all +draw (.*?) too/s.exec((await pilot.cutover('graph', '--help')).stdout) ?? [];
    const drawn = async (...args: string[]) => {
      const { edges } = JSON.parse((await pilot.cutover('graph', '--json', ...args)).stdout) as MachineGraph;
      return new Set(edges.flatMap(({ events }) => events));
    };
    const [usual, all] = [await drawn(), await drawn('--all')];
    expect([...all].filter((event) => !usual.has(event)).sort()).toEqual(promise.match(/[A-Z_]+/g)?.sort());
  });

  test('explain knows every step and every code that it lists', async () => {
    for (const step of STEP_NAMES) expect((await pilot.cutover('explain', step)).stdout).toContain('On failure');
    expect((await pilot.cutover('explain', 'drift')).stdout).toContain('--accept-drift');
    expect((await pilot.cutover('explain', 'NO_SUCH')).code).toBe(64);
  });

  test('completion names every command and option', async () => {
    for (const shell of ['bash', 'zsh', 'fish']) {
      const { stdout } = await pilot.cutover('completion', shell);
      expect(stdout).toContain('sign-off');
      expect(stdout).toContain('acknowledge-left-behind');
    }
    expect((await pilot.cutover('completion', 'tcsh')).code).toBe(64);
  });

  test('backup makes a copy that can be read, and overwrites nothing', async () => {
    const copy = join(pilot.directory, 'copy.db');
    expect((await pilot.cutover('backup', copy)).code).toBe(0);
    expect((await pilot.cutover('list', '--db', copy, '-o', 'name')).stdout).toContain(WAITING);
    expect((await pilot.cutover('backup', copy)).code).toBe(1);
  });

  test('preflight shows the checks and leaves nothing behind', async () => {
    const before = readdirSync(pilot.directory);
    expect(await pilot.cutover('preflight')).toMatchObject({ code: 0, stdout: expect.stringMatching(/PASS +1\. branch/) });
    expect(readdirSync(pilot.directory)).toEqual(before);
  });

  test('doctor finds the chains whole, and evidence that is gone', async () => {
    const { stdout } = await pilot.cutover('doctor', '--json');
    const { findings } = JSON.parse(stdout) as { findings: { what: string; ok: boolean; found: string }[] };
    expect(findings.find(({ what }) => what === 'database')).toMatchObject({
      ok: true,
      found: expect.stringContaining('2 runs'),
    });
    expect(findings.find(({ what }) => what === `evidence of ${WAITING}`)).toMatchObject({ ok: true });
  });

  test('a reading command never creates a database', async () => {
    const absent = join(pilot.directory, 'absent', 'cutover.db');
    for (const command of ['list', 'status', 'history', 'logs', 'watch']) {
      expect(await pilot.cutover(command, '--db', absent)).toMatchObject({ code: 1, stderr: expect.stringContaining(absent) });
    }
    expect(existsSync(join(pilot.directory, 'absent'))).toBe(false);
  });

  test('--json gives one document, also for an error', async () => {
    expect(JSON.parse((await pilot.cutover('list', '--json')).stdout)).toMatchObject({
      runs: [{ run: WAITING }, { run: FAILED }],
    });
    expect(JSON.parse((await pilot.cutover('status', '1999', '--json')).stdout)).toMatchObject({ error: { code: 'USAGE' } });
  });

  test('colours come only when asked for, and --no-color is the last word', async () => {
    pilot.env['FORCE_COLOR'] = '1';
    try {
      expect((await pilot.cutover('status', WAITING)).stdout).toContain('\u001b[');
      expect((await pilot.cutover('status', WAITING, '--no-color')).stdout).not.toContain('\u001b[');
    } finally {
      delete pilot.env['FORCE_COLOR'];
    }
  });
});
