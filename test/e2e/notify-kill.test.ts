import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { PilotWorkspace } from '../cli/pilot-workspace.js';
import { Receiver } from '../services/notify/receiver.js';

const SECRET = 'what-both-sides-know';
const BINARY = resolve('dist/bin/cutover.js');
/** Longer than a message is lent to one who is gone. */
const MINUTES = 2 * 60_000;

let pilot: PilotWorkspace;
let receiver: Receiver;
beforeEach(async () => {
  receiver = await Receiver.start();
  pilot = new PilotWorkspace();
  Object.assign(pilot.env, { CUTOVER_NOTIFY_WEBHOOK: receiver.url, CUTOVER_WEBHOOK_SECRET: SECRET });
});
afterEach(async () => {
  await receiver.stop();
  pilot.dispose();
});

test('a timer that is killed after it sent and before it recorded: the message comes again, with the same key and the same body', async () => {
  receiver.reply(500, 'hang');
  expect((await pilot.cutover('start')).code).toBe(2);

  // The real program, whose clock is far beyond the one of this run: what failed is due.
  const env = { ...pilot.env, PATH: process.env['PATH'] };
  const timer = spawn(process.execPath, [BINARY, 'notify', '--db', pilot.db], { cwd: pilot.directory, env, stdio: 'ignore' });
  await receiver.received(2);
  timer.kill('SIGKILL');
  expect(await once(timer, 'exit')).toEqual([null, 'SIGKILL']);

  pilot.at = new Date();
  expect(await pilot.cutover('notify')).toMatchObject({ code: 1, stderr: expect.stringContaining('1 message(s) are still') });
  expect(receiver.requests).toHaveLength(2);
  pilot.at = new Date(pilot.at.getTime() + MINUTES);
  expect(await pilot.cutover('notify')).toMatchObject({ code: 0, stdout: expect.stringContaining('DELIVERED') });
  const [, sent, again] = receiver.requests;
  expect(again?.headers['idempotency-key']).toBe(sent?.headers['idempotency-key']);
  expect(again?.body).toBe(sent?.body);

  const written = readdirSync(pilot.directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const holding = written.filter((entry) => {
    const bytes = readFileSync(join(entry.parentPath, entry.name));
    return bytes.includes(new URL(receiver.url).pathname) || bytes.includes(SECRET);
  });
  expect(holding.map(({ name }) => name)).toEqual([]);
});
