import { execFile } from 'node:child_process';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { MIXED, word } from '../evidence/secret-examples.js';
import { Pilot } from './pilot.js';

const exec = promisify(execFile);
const RUNNER = 'dpp/tools/rc_double_then_ci_then_archive.sh';

describe('a run whose gates failed, sealed as failed', () => {
  let pilot: Pilot;
  beforeEach(async () => {
    pilot = await Pilot.create({ warm: true });
  });
  afterEach(() => pilot.dispose());

  const git = async (...args: string[]) => (await exec('git', args, { cwd: pilot.site.repository })).stdout.trim();

  /** Commits a runner and gives the commit. */
  async function commitRunner(script: string): Promise<string> {
    await writeFile(join(pilot.site.repository, RUNNER), script);
    await chmod(join(pilot.site.repository, RUNNER), 0o755);
    await git('commit', '--quiet', '--all', '--message', 'another runner');
    return git('rev-parse', 'HEAD');
  }

  /** The gates fail on one commit, and the fix is another one. Gives the first. */
  async function failThenFix(): Promise<string> {
    const working = await readFile(join(pilot.site.repository, RUNNER), 'utf8');
    const failing = await commitRunner('#!/bin/sh\necho gate 7: broken\nexit 3\n');
    expect(await pilot.cutover(['run'])).toMatchObject({ exitCode: 1 });
    expect(await commitRunner(working)).not.toBe(failing);
    return failing;
  }

  /** Sealed with the drift accepted, it is verified, and blames the commit on which the gates failed. */
  async function isSealedOf(run: string, commit: string): Promise<void> {
    const reason = ['--reason', 'for the review', '--accept-drift', 'the fix'];
    const sealed = await pilot.cutover(['seal', run, '--verdict', 'FAIL', ...reason]);
    expect({ ...sealed }).toMatchObject({ exitCode: 0 });
    const { verified, checks } = await pilot.json<{ verified: boolean; checks: { ok: boolean }[] }>(['verify', run]);
    expect([verified, checks.filter(({ ok }) => !ok)]).toEqual([true, []]);
    const file = (name: string) => readFile(join(pilot.evidenceRoot, run, name), 'utf8');
    expect(await file('90_result_summary.txt')).toMatch(new RegExp(`^Git HEAD: +${commit}$`, 'm'));
    const { payload } = JSON.parse(await file('65_attestation.dsse.json')) as { payload: string };
    expect(JSON.parse(Buffer.from(payload, 'base64').toString('utf8'))).toMatchObject({
      predicate: { commit: { head: commit } },
    });
  }

  test('and whose output holds what looks like a secret, can be sealed once that is accepted: nothing of the output is in the history', async () => {
    const token = `hvs.${word(MIXED, 95)}`;
    await commitRunner(`#!/bin/sh\necho vault ${token}\nexit 3\n`);
    expect(await pilot.cutover(['run'])).toMatchObject({ exitCode: 1 });
    const line = (await pilot.evidence('30_rc_gates.txt')).split('\n').findIndex((text) => text.includes(token)) + 1;
    const rule = 'secretlint-hashicorp-vault-HASHICORP_VAULT_SERVICE_TOKEN';
    const finding = ['--file', '30_rc_gates.txt', '--line', String(line), '--rule', rule];
    expect(await pilot.cutover(['accept-finding', 'latest', ...finding, '--reason', 'of the docs'])).toMatchObject({
      exitCode: 0,
    });
    const sealed = await pilot.cutover(['seal', 'latest', '--verdict', 'FAIL', '--reason', 'for the review']);
    expect({ ...sealed }).toMatchObject({ exitCode: 0 });
  }, 60_000);

  test('while it is still failed, is verified and names the commit that failed', async () => {
    const failing = await failThenFix();
    const [run = ''] = await pilot.runIds();
    await isSealedOf(run, failing);
  }, 60_000);

  test('once another run has superseded it, is verified and names the commit that failed', async () => {
    const failing = await failThenFix();
    const [run = ''] = await pilot.runIds();
    expect(await pilot.cutover(['run'])).toMatchObject({ exitCode: 2 });
    expect((await pilot.json<{ status: string }>(['status', run])).status).toBe('superseded');
    await isSealedOf(run, failing);
  }, 60_000);
});
