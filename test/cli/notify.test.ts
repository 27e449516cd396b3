import { createHmac } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { processStartTime } from '../../src/actors/process/process-identity.js';
import { InterruptedError } from '../../src/engine/errors.js';
import { deliveryOf, MOST_ATTEMPTS } from '../../src/cli/notify/deliver.js';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.js';
import { Receiver, type ReceivedRequest } from '../services/notify/receiver.js';
import { failing, PilotWorkspace } from './pilot-workspace.js';

const RUN = '20260221T120001Z';
const SECRET = 'what-both-sides-know';
const MINUTE_MS = 60_000;
const POLICY = 'version: 1\nseparation: false\npause:\n  expires_after_hours: 48\n  remind_after_hours: [12, 24]\n';

describe('telling people', () => {
  let pilot: PilotWorkspace;
  let receiver: Receiver;
  beforeEach(async () => {
    receiver = await Receiver.start();
    pilot = new PilotWorkspace();
    pilot.env['CUTOVER_NOTIFY_WEBHOOK'] = receiver.url;
    pilot.env['CUTOVER_WEBHOOK_SECRET'] = SECRET;
  });
  afterEach(async () => {
    await receiver.stop();
    pilot.dispose();
  });

  const later = (minutes: number) => void (pilot.at = new Date(pilot.at.getTime() + minutes * MINUTE_MS));
  const start = () => pilot.cutover('start');
  const told = () => receiver.requests.map(({ body }) => JSON.parse(body));
  const kinds = () => told().map(({ kind }) => kind);
  const keys = (requests: readonly ReceivedRequest[]) => requests.map(({ headers }) => headers['idempotency-key']);
  const status = async () => JSON.parse((await pilot.cutover('status', RUN, '--json')).stdout);

  test('of a run that goes well: that it waits and for whom, that it was signed, and its verdict; each with the commands', async () => {
    pilot.env['CUTOVER_CHANGE_TICKET'] = 'CHG-4711';
    await start();
    pilot.completeForm();
    await pilot.cutover('sign-off', RUN, '--as', 'verifier@example.com');
    expect((await pilot.cutover('resume', RUN)).code).toBe(0);
    expect(kinds()).toEqual(['waiting', 'signed-off', 'completed']);
    const [waiting, signed, completed] = told();
    expect(waiting).toMatchObject({
      version: 1,
      run: RUN,
      text: `Run ${RUN} waits for the DB restore verification.`,
      status: 'waiting',
      state: 'awaitingDbVerification',
      change_ticket: 'CHG-4711',
      next: expect.arrayContaining([
        expect.objectContaining({ role: 'DB restore verifier', command: `cutover sign-off ${RUN} --as NAME` }),
      ]),
    });
    expect(signed).toMatchObject({
      text: expect.stringContaining('signed off by'),
      next: expect.arrayContaining([expect.objectContaining({ role: 'operator', command: `cutover resume ${RUN}` })]),
    });
    expect(completed.text).toContain('VERDICT: PASS');
    expect(keys(receiver.requests)).toEqual(told().map(({ run, seq, kind }) => `${run}:${seq}:${kind}:webhook`));
  });

  test('each message is signed over its time and its very bytes', async () => {
    await start();
    const [{ body, headers }] = receiver.requests as [ReceivedRequest];
    const timestamp = headers['x-cutover-timestamp'] ?? '';
    expect(Number(timestamp)).toBe(Math.floor(pilot.at.getTime() / 1000));
    const expected = createHmac('sha256', SECRET).update(`${timestamp}.${body}`).digest('hex');
    expect(headers['x-cutover-signature']).toBe(`sha256=${expected}`);
  });

  test('of a failure, a rejection, a seal without PASS, and an end for good', async () => {
    const { runRcGates } = pilot.actors;
    pilot.actors['runRcGates'] = failing('RC_GATES_FAILED', 'The RC runner exited with 3.');
    await start();
    expect(told().at(-1)).toMatchObject({
      kind: 'failed',
      text: `Run ${RUN} failed at runningRcGates: RC_GATES_FAILED: The RC runner exited with 3.`,
    });
    if (runRcGates !== undefined) pilot.actors['runRcGates'] = runRcGates;
    await pilot.cutover('replay', RUN, '--override', '--reason', 'flaky');
    await pilot.cutover('sign-off', RUN, '--as', 'verifier', '--reject', '--reason', 'stopped at 80 %');
    await pilot.cutover('seal', RUN, '--verdict', 'FAIL', '--reason', 'for the review');
    later(1);
    await start();
    await pilot.cutover('abandon', 'latest', '--reason', 'postponed');
    expect(kinds()).toEqual(['failed', 'waiting', 'rejected', 'sealed-as-failed', 'waiting', 'abandoned']);
    expect(told()[2].text).toContain('verifier (asserted) rejected the restore: stopped at 80 %');
    expect(told().at(-1).text).toContain('was abandoned by operator (asserted): postponed');
  });

  test('a receiver that fails does not fail the run: it is told, kept, shown, and delivered later with the same key', async () => {
    receiver.reply(500);
    const { code, stderr } = await start();
    expect(code).toBe(2);
    expect(stderr).toContain(`Not delivered: "waiting" of run ${RUN} to webhook: ${receiver.host} answered 500.`);
    expect((await pilot.cutover('status', RUN)).stdout).toMatch(
      /Message: "waiting" to webhook is not delivered \(attempt 1: .* 500\)/,
    );
    expect(await pilot.cutover('notify')).toMatchObject({ code: 1, stderr: expect.stringContaining('1 message(s) are still') });
    expect(receiver.requests).toHaveLength(1);
    later(1);
    const { code: delivered, stdout } = await pilot.cutover('notify');
    expect(delivered).toBe(0);
    expect(stdout).toMatch(new RegExp(`DELIVERED +${RUN} +waiting +to webhook`));
    expect(new Set(keys(receiver.requests)).size).toBe(1);
    expect(new Set(receiver.requests.map(({ body }) => body)).size).toBe(1);
    expect((await status()).undelivered).toEqual([]);
  });

  test('a receiver that fails again is asked less and less often, and left alone after the last attempt', () => {
    const failed = { taken: false, refused: false, error: 'hooks.example.com answered 503' } as const;
    const attempts = Array.from({ length: MOST_ATTEMPTS }, (_, index) => deliveryOf(failed, index + 1, pilot.at));
    const waits = attempts.flatMap((delivery) =>
      'nextAt' in delivery ? [(Date.parse(delivery.nextAt) - pilot.at.getTime()) / 1000] : [],
    );
    expect(waits).toEqual([30, 60, 120, 240, 480, 960, 1920, ...Array.from({ length: 12 }, () => 3600)]);
    expect(attempts.at(-1)).toEqual({ state: 'given-up', error: `${failed.error}, at the last of 20 attempts` });
  });

  test('what a receiver refuses is given up and shown, and sent again only when that is asked for', async () => {
    receiver.reply(410);
    expect((await start()).stderr).toContain(`Given up: "waiting" of run ${RUN} to webhook: ${receiver.host} answered 410.`);
    later(600);
    expect(await pilot.cutover('notify')).toMatchObject({ code: 0 });
    expect(receiver.requests).toHaveLength(1);
    expect((await pilot.cutover('doctor')).stdout).toMatch(/FAULT +messages +run .* was given up .* cutover notify --again/);
    expect((await pilot.cutover('status', RUN)).stdout).toContain('cutover notify --again');
    expect(await pilot.cutover('notify', '--again')).toMatchObject({ code: 0, stdout: expect.stringContaining('DELIVERED') });
    expect((await pilot.cutover('doctor')).stdout).not.toMatch(/FAULT +messages/);
  });

  test('a receiver that does not answer delays no step', async () => {
    await start();
    pilot.completeForm();
    receiver.reply('hang');
    const { publishSummary } = pilot.actors;
    pilot.actors['publishSummary'] = async (input, context) => {
      // The last step of all, and the message of the first one is still without an answer.
      await receiver.received(2);
      receiver.release();
      return publishSummary?.(input, context);
    };
    expect((await pilot.cutover('resume', RUN)).code).toBe(0);
    expect(kinds()).toEqual(['waiting', 'signed-off', 'completed']);
  });

  test('two timers at once deliver each message once', async () => {
    receiver.reply(500, 'hang');
    await start();
    later(1);
    const first = pilot.cutover('notify');
    await receiver.received(2);
    expect(await pilot.cutover('notify')).toMatchObject({ code: 1, stderr: expect.stringContaining('1 message(s) are still') });
    receiver.release();
    expect((await first).code).toBe(0);
    expect(receiver.requests).toHaveLength(2);
  });

  test('what a timer sent and could not record is sent again when its time is over, with the same key', async () => {
    receiver.reply(500, 'hang');
    await start();
    later(1);
    const stopped = pilot.cutover('notify');
    await receiver.received(2);
    pilot.interruption.abort(new InterruptedError('SIGTERM'));
    expect((await stopped).code).toBe(143);
    pilot.interruption = new AbortController();
    expect((await pilot.cutover('notify')).code).toBe(1);
    later(1);
    expect((await pilot.cutover('notify')).code).toBe(0);
    expect(receiver.requests).toHaveLength(3);
    expect(new Set(keys(receiver.requests)).size).toBe(1);
  });

  test('a channel is the run’s own: a shell that does not know where it leads leaves its messages to one that does', async () => {
    receiver.reply(500);
    await start();
    delete pilot.env['CUTOVER_NOTIFY_WEBHOOK'];
    pilot.completeForm();
    expect((await pilot.cutover('resume', RUN)).code).toBe(0);
    later(30);
    expect((await pilot.cutover('doctor')).stdout).toMatch(/FAULT +messages +3 not delivered although due, the oldest for 30m/);
    expect(await pilot.cutover('notify')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Nothing is sent to webhook: CUTOVER_NOTIFY_WEBHOOK is not set here.'),
    });
    pilot.env['CUTOVER_NOTIFY_WEBHOOK'] = receiver.url;
    expect((await pilot.cutover('notify')).code).toBe(0);
    expect(kinds()).toEqual(['waiting', 'signed-off', 'completed', 'waiting']);
  });

  test('a receiver that is wrong is refused before anything is started, and its URL is not repeated', async () => {
    pilot.env['CUTOVER_NOTIFY_WEBHOOK'] = 'http://hooks.example.com/f00d';
    const { code, stderr } = await start();
    expect(code).toBe(64);
    expect(stderr).toContain('CUTOVER_NOTIFY_WEBHOOK is "http:"');
    expect(stderr).not.toContain('f00d');
    expect((await pilot.cutover('doctor')).stdout).not.toContain('f00d');
  });

  test('a receiver that has become wrong gets nothing; what is for it is kept, and the doctor says why', async () => {
    receiver.reply(500);
    await start();
    delete pilot.env['CUTOVER_WEBHOOK_SECRET'];
    later(1);
    const { code, stderr } = await pilot.cutover('notify');
    expect(code).toBe(1);
    expect(stderr).toContain('Nothing is sent to webhook: CUTOVER_WEBHOOK_SECRET is not set.');
    expect((await pilot.cutover('doctor')).stdout).toMatch(/FAULT +messages +CUTOVER_WEBHOOK_SECRET is not set/);
    expect(receiver.requests).toHaveLength(1);
  });

  test('Slack gets a text with the commands as code', async () => {
    delete pilot.env['CUTOVER_NOTIFY_WEBHOOK'];
    pilot.env['CUTOVER_NOTIFY_SLACK'] = receiver.url;
    pilot.env['CUTOVER_CHANGE_TICKET'] = 'CHG-4711';
    pilot.actors['runRcGates'] = failing('RC_GATES_FAILED', 'The runner exited with <3> & more.');
    await start();
    const [{ body, headers }] = receiver.requests as [ReceivedRequest];
    expect(Object.keys(JSON.parse(body))).toEqual(['text']);
    const { text } = JSON.parse(body);
    expect(text).toContain('The runner exited with &lt;3&gt; &amp; more.\nChange ticket: CHG-4711\n');
    expect(text).toMatch(/^• operator: `cutover logs \S+ --failed` \(what runningRcGates wrote\)$/m);
    expect(headers['idempotency-key']).toMatch(/:failed:slack$/);
    expect(headers['x-cutover-signature']).toBeUndefined();
  });

  test('a test message shows whether it arrives, without a run and without a database', async () => {
    expect(await pilot.cutover('notify', '--test')).toMatchObject({ code: 0, stdout: expect.stringMatching(/ok +webhook/) });
    expect(told()).toMatchObject([{ kind: 'test', key: expect.stringMatching(/^test:/) }]);
    receiver.reply(404);
    const { code, stdout } = await pilot.cutover('notify', '--test', '--json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout).tested).toEqual([{ channel: 'webhook', error: `${receiver.host} answered 404` }]);
    delete pilot.env['CUTOVER_WEBHOOK_SECRET'];
    expect((await pilot.cutover('notify', '--test')).stdout).toMatch(/FAULT +webhook +CUTOVER_WEBHOOK_SECRET is not set/);
    delete pilot.env['CUTOVER_NOTIFY_WEBHOOK'];
    expect(await pilot.cutover('notify', '--test')).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('No receiver is set'),
    });
    expect(existsSync(pilot.db)).toBe(false);
  });

  describe('by a timer', () => {
    beforeEach(async () => {
      writeFileSync(join(pilot.directory, 'cutover.policy.yaml'), POLICY);
      await start();
    });

    test('reminds once when a reminder is due, and once more for the next', async () => {
      expect((await pilot.cutover('notify')).stdout).toContain('Nothing is due');
      later(12 * 60);
      const { code, stdout } = await pilot.cutover('notify', '--json');
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ ok: true, fired: [{ run: RUN, kind: 'reminder-12h', error: null }], left: [] });
      await pilot.cutover('notify');
      expect(kinds()).toEqual(['waiting', 'reminder-12h']);
      expect(told().at(-1)).toMatchObject({
        text: `Run ${RUN} still waits for the DB restore verification, since 2026-02-21 12:00:01 UTC. The gate expires at 2026-02-23 12:00:01 UTC.`,
        expires_at: '2026-02-23T12:00:01.000Z',
        next: expect.arrayContaining([expect.objectContaining({ command: `cutover sign-off ${RUN} --as NAME` })]),
      });
      later(12 * 60);
      await pilot.cutover('notify');
      expect(kinds()).toEqual(['waiting', 'reminder-12h', 'reminder-24h']);
    });

    test('sends one reminder after a night without a timer, however many were due', async () => {
      later(30 * 60);
      await pilot.cutover('notify');
      expect(kinds()).toEqual(['waiting', 'reminder-24h']);
    });

    test('reminds nobody of a run that does not wait any more', async () => {
      pilot.completeForm();
      await pilot.cutover('resume', RUN);
      later(30 * 60);
      expect((await pilot.cutover('notify')).stdout).toContain('Nothing is due');
      expect(kinds()).toEqual(['waiting', 'signed-off', 'completed']);
    });

    test('tells that a gate has expired, and what opens it again', async () => {
      later(48 * 60);
      await pilot.cutover('notify');
      expect(kinds()).toEqual(['waiting', 'expired']);
      expect(told().at(-1)).toMatchObject({
        text: expect.stringContaining('expired at 2026-02-23T12:00:01.000Z'),
        next: expect.arrayContaining([
          expect.objectContaining({ role: 'supervisor', command: `cutover replay ${RUN} --reason "..."` }),
        ]),
      });
    });

    test('leaves a run alone that somebody has in hand, and comes again', async () => {
      const store = await openSqliteStore(pilot.db, { mode: 'write' });
      const startTime = processStartTime(process.pid);
      const holder = { user: 'colleague', host: 'jumphost', machineId: 'm', bootId: 'b', pid: process.pid, startTime };
      const { fence } = await store.seizeLease(RUN, holder, pilot.at.toISOString());
      later(48 * 60);
      const { code, stdout } = await pilot.cutover('notify');
      expect(code).toBe(1);
      expect(stdout).toMatch(/LEFT +\S+ +expiry +Run .* is driven by colleague/);
      await store.releaseLease(RUN, fence);
      await store.close();
      expect((await pilot.cutover('notify')).code).toBe(0);
      expect(kinds()).toEqual(['waiting', 'expired']);
    });

    test('does not take for a short time what no timer can wait for', async () => {
      expect(await pilot.cutover('notify', '--every', '2592000')).toMatchObject({
        code: 64,
        stderr: expect.stringContaining('--every is 2592000: give at most 86400 seconds'),
      });
    });

    test('goes on until it is stopped with --every', async () => {
      let now = pilot.at;
      const end = now.getTime() + 13 * 60 * MINUTE_MS;
      // The clock goes on between two rounds only.
      Object.defineProperty(pilot, 'at', {
        get: () => now,
        set: (at: Date) => {
          now = at;
          if (now.getTime() >= end) pilot.interruption.abort(new InterruptedError('SIGTERM'));
        },
      });
      const { code, stdout } = await pilot.cutover('notify', '--every', '3600', '--json');
      expect(code).toBe(0);
      const rounds = stdout.trim().split('\n');
      expect(rounds).toHaveLength(13);
      expect(JSON.parse(rounds.at(-1) ?? '')).toMatchObject({ fired: [{ kind: 'reminder-12h' }] });
    });
  });
});
