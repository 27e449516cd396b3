import { writeFile } from 'node:fs/promises';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { processStat } from '../../src/actors/process/process-identity.js';
import { finished, Pilot, until } from './pilot.js';

const exec = promisify(execFile);
const HELD = 75;
const PAUSED = 2;

describe('drivers that race', () => {
  let pilot: Pilot;
  beforeEach(async () => {
    pilot = await Pilot.create();
  });
  afterEach(() => pilot.dispose());

  const gateFile = () => join(pilot.site.env['HOME'] ?? '', 'gate-passes');
  const inGates = async () => (await pilot.evidence('30_rc_gates.txt').catch(() => '')).includes('gate running');

  /** A gate that runs until a file is there; committed, as the worktree of a cutover is clean. */
  async function commitWaitingGate(): Promise<void> {
    const script = `#!/bin/sh\necho "gate running $$"\nuntil [ -e '${gateFile()}' ]; do sleep 0.05; done\n`;
    await writeFile(join(pilot.site.repository, 'dpp/tools/rc_double_then_ci_then_archive.sh'), script, { mode: 0o755 });
    await exec('git', ['commit', '--quiet', '--all', '--message', 'a gate that waits'], { cwd: pilot.site.repository });
  }

  /** A run whose driver was killed in its gates. */
  async function interruptedRun(): Promise<void> {
    await commitWaitingGate();
    const driver = pilot.spawn(['start']);
    const ended = finished(driver);
    await until('the gate runs', inGates);
    driver.kill('SIGKILL');
    await ended;
    await writeFile(gateFile(), '');
  }

  const race = (count: number, args: readonly string[]) => Promise.all(Array.from({ length: count }, () => pilot.cutover(args)));
  const exitCodes = (results: readonly { readonly exitCode: number | null }[]) =>
    results.map(({ exitCode }) => exitCode).toSorted((a, b) => Number(a) - Number(b));
  /** Each deployment goes back once and forward once. */
  const rollouts = () => pilot.site.kubernetes.effects().filter(({ kind }) => kind === 'rollout').length;

  test.each([2, 8])(
    '%i of them on one run: one drives it to the pause, the others are refused and told who it is; nothing is done twice',
    async (count) => {
      await interruptedRun();
      const results = await race(count, ['resume', 'latest']);
      expect(exitCodes(results)).toEqual([PAUSED, ...Array.from({ length: count - 1 }, () => HELD)]);
      for (const { exitCode, stderr } of results) if (exitCode === HELD) expect(stderr).toMatch(/is driven by .+ \(pid \d+, /);
      expect(rollouts()).toBe(6);
      expect(await pilot.cutover(['doctor'])).toMatchObject({ exitCode: 0 });
    },
    120_000,
  );

  test.each([2, 8])(
    '%i of them that start a run on one environment: one gets to the pause, the others never touch it',
    async (count) => {
      await commitWaitingGate();
      const first = pilot.cutover(['start']);
      await until('the gate runs', inGates);
      const others = await race(count - 1, ['start']);
      expect(exitCodes(others)).toEqual(others.map(() => HELD));
      for (const { stderr } of others) expect(stderr).toContain('ENVIRONMENT_HELD');
      await writeFile(gateFile(), '');
      expect(await first).toMatchObject({ exitCode: PAUSED });
      expect(rollouts()).toBe(6);
    },
    120_000,
  );

  test('one that was stopped, and whose lease was broken, ends its children and itself when it goes on: 75', async () => {
    await commitWaitingGate();
    const stopped = pilot.spawn(['start']);
    const ended = finished(stopped);
    await until('the gate runs', inGates);
    const gate = Number(/gate running (\d+)/.exec(await pilot.evidence('30_rc_gates.txt'))?.[1]);
    await pilot.stop(stopped);
    expect(await pilot.cutover(['resume', 'latest'])).toMatchObject({ exitCode: HELD });
    const reason = ['--reason', 'it does not answer'];
    expect(await pilot.cutover(['break-lease', 'latest', ...reason])).toMatchObject({ exitCode: 0 });
    expect(['Z', undefined]).toContain(processStat(gate)?.state);
    await writeFile(gateFile(), '');
    expect(await pilot.cutover(['resume', 'latest'])).toMatchObject({ exitCode: PAUSED });
    const head = async () => (await pilot.json<{ head: string }>(['status', 'latest'])).head;
    const before = await head();
    stopped.kill('SIGCONT');
    expect(await ended).toMatchObject({ exitCode: HELD, stderr: expect.stringContaining('Another driver took over') });
    expect(await head()).toBe(before);
    expect(rollouts()).toBe(6);
  }, 120_000);
});
