import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
// @ts-expect-error -- plain JavaScript, as a receiver's owner would take it
import { isGenuine, isNew } from '../../examples/notify/receiver.mjs';
import { CATALOGUE } from '../../src/cli/catalogue.js';
import { messageRequest } from '../../src/cli/notify/request.js';
import { CHANNEL_VARIABLES, WEBHOOK_SECRET } from '../../src/config/channels.js';

const SECRET = 'what-both-sides-know';
const NOW = new Date('2026-02-21T12:00:00Z');
const SECONDS = NOW.getTime() / 1000;

describe('examples/notify/receiver.mjs', () => {
  const receiver = { channel: 'webhook', url: new URL('https://hooks.example.com'), secret: SECRET } as const;
  const { body, headers } = messageRequest(
    receiver,
    { text: 'Größe ✗', change_ticket: null, next: [] },
    'run:9:waiting:webhook',
    NOW,
  );
  const request = { headers, body: Buffer.from(body) };

  test('knows a message that is signed with the secret, and was sent just now', () => {
    expect(isGenuine(request, SECRET, SECONDS)).toBe(true);
    expect(isGenuine(request, SECRET, SECONDS + 299)).toBe(true);
  });

  test.each([
    ['an old one', request, SECRET, SECONDS + 301],
    ['another secret', request, 'what-one-side-knows!', SECONDS],
    ['another body', { ...request, body: Buffer.from(`${body} `) }, SECRET, SECONDS],
    ['another time', { ...request, headers: { ...headers, 'x-cutover-timestamp': String(SECONDS + 1) } }, SECRET, SECONDS],
    ['no signature', { ...request, headers: { 'x-cutover-timestamp': String(SECONDS) } }, SECRET, SECONDS],
    ['no time', { ...request, headers: { ...headers, 'x-cutover-timestamp': '' } }, SECRET, SECONDS],
  ])('does not take %s', (_, given, secret, now) => {
    expect(isGenuine(given, secret, now)).toBe(false);
  });

  test('knows what it was told before', () => {
    const told = new Set<string>();
    expect([isNew(request, told), isNew(request, told)]).toEqual([true, false]);
    // Whoever sends it again can write another header, and not another body.
    expect(isNew({ ...request, headers: { ...headers, 'idempotency-key': 'another' } }, told)).toBe(false);
  });
});

describe('examples/notify/cutover-notify.service', () => {
  const text = readFileSync('examples/notify/cutover-notify.service', 'utf8');

  test('calls a command that there is, and names the variables that are read', () => {
    const name = /^ExecStart=\S+\/cutover (\S+) --db \S+$/m.exec(text)?.[1];
    expect(CATALOGUE.map((entry) => entry.name)).toContain(name);
    for (const variable of [...Object.values(CHANNEL_VARIABLES), WEBHOOK_SECRET]) expect(text).toContain(variable);
  });
});
