import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ActorContext } from '../../src/actors/actor.js';
import { processStat } from '../../src/actors/process/process-identity.js';
import { BACKSTOP_MS, runRcGates } from '../../src/actors/run-rc-gates.js';
import { createTestContext, type TestContext } from './actor-context.js';
import { until } from './process/until.js';
import { testSettings } from './settings.js';

const LOG = '30_rc_gates.txt';

let context: TestContext;
beforeEach(async () => {
  context = await createTestContext();
});
afterEach(() => context.remove());

/** Runs the gates with this text as the runner. */
function gates(text: string, { name = 'run.sh', mode = 0o755, on = context as ActorContext, timeoutMs = 10_000 } = {}) {
  const rcRunner = join(context.folder, name);
  writeFileSync(rcRunner, text, { mode });
  return runRcGates({ settings: testSettings({ directory: context.folder, rcRunner }) }, on, timeoutMs);
}

describe('the RC gates', () => {
  test('pass with exit code 0, and their whole output is evidence', async () => {
    const text = '#!/bin/sh\necho "gate 1: ok"\npwd\necho "gate 2: ok" >&2\n';
    const facts = await gates(text);
    const runner = join(context.folder, 'run.sh');
    expect(facts).toEqual({ runner, exitCode: 0, durationMs: expect.any(Number), outputBytes: 24 + context.folder.length - 1 });
    expect(await context.text(LOG)).toBe(
      `RC gates of run 20260221T120000Z, attempt 1\nRunner: ${runner}\n` +
        `Runner SHA-256: ${createHash('sha256').update(text).digest('hex')}\n` +
        `Directory: ${context.folder}\nStarted: 2026-02-21T12:00:01.000Z\n\n` +
        `gate 1: ok\n${context.folder}\ngate 2: ok\n\n[exit code 0 after ${facts.durationMs} ms]\n`,
    );
  });

  test.each([1, 2, 126, 127, 137, 255])('fail with exit code %d', async (exitCode) => {
    await expect(gates(`#!/bin/sh\necho "gate 7: broken"\nexit ${exitCode}\n`)).rejects.toMatchObject({
      code: 'RC_GATES_FAILED',
      message: expect.stringContaining('Check 30_rc_gates.txt; fix the failing gate, then start a new run.'),
      options: { details: { exitCode, signal: null } },
    });
    expect(await context.text(LOG)).toMatch(new RegExp(`gate 7: broken\n\n\\[exit code ${exitCode} after \\d+ ms\\]\n$`));
  });

  test('fail when a signal ends them, with what they said until then', async () => {
    await expect(gates('#!/bin/sh\nprintf "half a li"\nkill -KILL $$\n')).rejects.toMatchObject({
      code: 'RC_GATES_FAILED',
      options: { details: { exitCode: null, signal: 'SIGKILL' } },
    });
    expect(await context.text(LOG)).toMatch(/\nhalf a li\n\n\[ended by SIGKILL after \d+ ms\]\n$/);
  });

  test('show the newest line while they run, without colours', async () => {
    await gates('#!/bin/sh\nprintf "\\033[32mgate 1: ok\\033[0m\\n"\n');
    expect(context.lines).toEqual(['gate 1: ok']);
  });

  test('write no secret into the evidence', async () => {
    const on = await createTestContext({ env: { ...process.env, DEPLOY_TOKEN: 'hunter2hunter2' } });
    try {
      await gates('#!/bin/sh\necho "token is $DEPLOY_TOKEN"\n', { on });
      expect(await on.text(LOG)).toContain('token is [REDACTED:env-DEPLOY_TOKEN]');
    } finally {
      await on.remove();
    }
  });

  test('keep the log of an earlier attempt', async () => {
    await expect(gates('#!/bin/sh\necho first; exit 1\n')).rejects.toMatchObject({ code: 'RC_GATES_FAILED' });
    await gates('#!/bin/sh\necho second\n');
    expect(await context.text('30_rc_gates.attempt-1.txt')).toContain('first');
    expect(await context.text(LOG)).toContain('second');
  });

  test('end with the run, and the log says so', async () => {
    const abort = new AbortController();
    const on = await createTestContext({ signal: abort.signal });
    try {
      const run = gates('#!/bin/sh\necho up\nsleep 600 &\nwait\n', { on });
      const failed = expect(run).rejects.toThrow('stopped by the operator');
      await until(() => on.lines.includes('up'), 'the gates run');
      abort.abort(new Error('stopped by the operator'));
      await failed;
      expect(await on.text(LOG)).toMatch(/\nup\n\n\[interrupted: stopped by the operator\]\n$/);
      expect(on.ended).toEqual(on.started);
      expect(processStat(on.started[0]?.pid ?? 0)).toBeNull();
    } finally {
      await on.remove();
    }
  });

  test('in a Python file that may not be executed are given to python3', async () => {
    await gates('import sys\nprint("python gate", sys.version_info.major)\n', { name: 'run.py', mode: 0o644 });
    const text = await context.text(LOG);
    expect(text).toContain(`\nRunner: python3 ${join(context.folder, 'run.py')}\n`);
    expect(text).toContain('\npython gate 3\n');
  });

  test('in an executable Python file are run by its first line', async () => {
    await gates('#!/bin/sh\necho "not python"\n', { name: 'run.py' });
    expect(await context.text(LOG)).toContain('\nnot python\n');
  });

  test('that take longer than a day are ended: the engine should have done so', async () => {
    await expect(gates('#!/bin/sh\nexec sleep 600\n', { timeoutMs: 100 })).rejects.toMatchObject({
      code: 'RC_GATES_FAILED',
      message: expect.stringMatching(/run\.sh \(timed out\)\. Check/),
      options: { details: { exitCode: null, timedOut: true } },
    });
    expect(await context.text(LOG)).toMatch(/\n\[timed out after \d+ ms\]\n$/);
    expect(BACKSTOP_MS).toBe(86_400_000);
  });

  test('that may not be executed say what to do', async () => {
    const runner = join(context.folder, 'run.sh');
    const cause = `${runner} is not executable for this user. Run: chmod +x ${runner}`;
    await expect(gates('#!/bin/sh\n', { mode: 0o644 })).rejects.toMatchObject({
      code: 'RC_RUNNER_MISSING',
      message: `The RC runner ${runner} cannot be run: ${cause}. Restore it (DPP_RC_RUNNER) and make it executable (chmod +x ${runner}), then try again.`,
      cause: { code: 'COMMAND_NOT_EXECUTABLE' },
    });
    expect(await context.text(LOG)).toMatch(/\n\[interrupted: .+ is not executable for this user\. Run: chmod \+x .+\]\n$/);
  });

  test('for which there is no python3 say what to do', async () => {
    const on = { ...context, env: { PATH: context.folder } };
    await expect(gates('print("up")\n', { name: 'run.py', mode: 0o644, on })).rejects.toMatchObject({
      code: 'RC_RUNNER_MISSING',
      cause: { code: 'COMMAND_NOT_FOUND' },
    });
  });

  test.each(['absent.sh', 'absent.py', '.'])('that can not be read (%s) say what to do, and leave no log', async (name) => {
    const rcRunner = join(context.folder, name);
    await expect(runRcGates({ settings: testSettings({ directory: context.folder, rcRunner }) }, context)).rejects.toMatchObject({
      code: 'RC_RUNNER_MISSING',
      message: expect.stringContaining(`The RC runner ${rcRunner} cannot be read: E`),
      cause: { code: name === '.' ? 'EISDIR' : 'ENOENT' },
    });
    expect(await context.evidence.exists(LOG)).toBe(false);
  });

  test('are not blamed for a fault of ours', async () => {
    const on: ActorContext = { ...context, childStarted: () => Promise.reject(new Error('the lease is lost')) };
    await expect(gates('#!/bin/sh\n', { on })).rejects.toMatchObject({ message: 'the lease is lost' });
    expect(await context.text(LOG)).not.toContain('interrupted');
  });

  test('are not blamed for a directory that is gone', async () => {
    const rcRunner = join(context.folder, 'run.sh');
    writeFileSync(rcRunner, '#!/bin/sh\n', { mode: 0o755 });
    const settings = testSettings({ directory: join(context.folder, 'absent'), rcRunner });
    await expect(runRcGates({ settings }, context)).rejects.toMatchObject({ code: 'COMMAND_NOT_STARTED' });
    expect(await context.text(LOG)).toContain('[interrupted: ');
  });
});
