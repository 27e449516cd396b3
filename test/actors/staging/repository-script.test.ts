import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { runRepositoryScript, SCRIPT_TIMEOUT_MS } from '../../../src/actors/staging/repository-script.js';
import type { ProcessOwner } from '../../../src/actors/process/run-process.js';
import { pretendKubectl } from '../pretended-command.js';
import { recordingLog, type RecordingLog } from '../recording-log.js';
import { testSettings, testWorld } from '../settings.js';

const KUBECONFIG = JSON.stringify({
  'current-context': 'dpp-staging',
  contexts: [{ name: 'dpp-staging' }],
  clusters: [{ cluster: { server: 'https://k8s.staging.example.com' } }],
});

let folder: string;
let log: RecordingLog;
let owner: ProcessOwner;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'cutover-script-')));
  log = recordingLog('40_staging_dry_run.txt');
  owner = pretendKubectl(folder, `echo '${KUBECONFIG}'`);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs this text as the repository's `scripts/check.sh`. */
function run(text: string, { by = owner, timeoutMs = 10_000, into = log } = {}) {
  mkdirSync(join(folder, 'scripts'), { recursive: true });
  writeFileSync(join(folder, 'scripts/check.sh'), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  const input = { settings: testSettings({ directory: folder }), world: testWorld() };
  return runRepositoryScript(by, input, 'scripts/check.sh', into, timeoutMs);
}

const failed = (message: unknown) => ({
  name: 'Script scripts/check.sh',
  ok: false,
  message,
  advice:
    'Read its output in 40_staging_dry_run.txt, and mend what it found; a script that is not wanted is left out by unsetting its variable.',
});

describe("a script of the repository's", () => {
  test('has 20 of the 30 minutes of its step', () => {
    expect(SCRIPT_TIMEOUT_MS).toBe(1_200_000);
  });

  test('passes with exit code 0; it runs in the repository with the single kubeconfig, and what it says is kept', async () => {
    const check = await run('echo "$PWD $#"; cat "$KUBECONFIG"; echo err >&2');
    expect(check).toEqual({ name: 'Script scripts/check.sh', ok: true, message: expect.any(String), advice: null });
    expect(check.message).toMatch(/^exit 0 after \d+ ms$/);
    expect(log.text()).toBe(`${folder} 0\n${KUBECONFIG}\nerr\n`);
  });

  test.each([
    ['exit 3', 'ended with exit 3; expected exit 0'],
    ['kill -KILL $$', 'ended with signal SIGKILL; expected exit 0'],
  ])('fails with %s', async (text, message) => {
    expect(await run(text)).toEqual(failed(message));
  });

  test('fails when it does not end', async () => {
    expect(await run('exec sleep 600', { timeoutMs: 100 })).toEqual(
      failed('did not end within 0.1 s and was killed; expected exit 0'),
    );
  });

  test('fails when its kubeconfig is not the one of the run', async () => {
    const by = pretendKubectl(folder, 'echo "error: it broke" >&2; exit 1');
    expect(await run('exit 0', { by })).toEqual(
      failed(expect.stringMatching(/^could not be run: kubectl config view .* it broke\. Run/)),
    );
  });

  test('that is stopped has not failed', async () => {
    const controller = new AbortController();
    const into: RecordingLog = { ...log, write: () => Promise.resolve(controller.abort(new Error('stopped'))) };
    await expect(run('echo up; exec sleep 600', { by: { ...owner, signal: controller.signal }, into })).rejects.toThrow(
      'stopped',
    );
  });

  test('has not failed when what it says can not be kept: that is a fault of ours', async () => {
    const into: RecordingLog = { ...log, write: () => Promise.reject(new Error('the disk is full')) };
    await expect(run('echo up', { into })).rejects.toThrow('the disk is full');
  });
});
