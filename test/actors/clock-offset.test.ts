import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { clockOffset } from '../../src/actors/clock-offset.js';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const SERVER_TIME = '2026-03-01T12:00:00.000Z';
const dated: RequestListener = (_request, response) =>
  response.setHeader('date', new Date(SERVER_TIME).toUTCString()).end('body');
const never = new AbortController().signal;
/** A clock that shows these times, one after the other. */
const clock = (...times: string[]) => {
  const left = times.map((time) => new Date(time));
  return () => left.shift() ?? new Date(Number.NaN);
};

describe('the offset of the clock', () => {
  test.each([
    ['ahead', '2026-03-01T12:00:10.500Z', 10_000],
    ['behind', '2026-03-01T11:59:50.500Z', -10_000],
    ['right', '2026-03-01T12:00:00.500Z', 0],
  ])('%s is told by the Date header, which is half a second old', async (_how, time, offset) => {
    expect(await clockOffset(await serve(dated), clock(time, time), never)).toBe(offset);
  });

  test('is that of the moment half way between question and answer', async () => {
    const now = clock('2026-03-01T12:00:00.500Z', '2026-03-01T12:00:04.500Z');
    expect(await clockOffset(await serve(dated), now, never)).toBe(2_000);
  });

  test.each([
    ['a refusal', 403, {}],
    ['a redirect, which is not followed', 302, { location: 'http://127.0.0.1:1/' }],
  ])('is told by %s too', async (_what, status, headers) => {
    const url = await serve((_request, response) => {
      response.writeHead(status, { date: new Date(SERVER_TIME).toUTCString(), ...headers }).end();
    });
    expect(await clockOffset(url, () => new Date('2026-03-01T12:00:00.500Z'), never)).toBe(0);
  });
});

describe('a clock that cannot be compared', () => {
  const error = (url: string, why: string) => ({
    code: 'CLOCK_UNKNOWN',
    message: `The clock could not be compared with ${url}: ${why}. Check the network and the address, then try again.`,
  });
  const now = () => new Date(SERVER_TIME);

  test.each([
    ['none', (_request, response) => ((response.sendDate = false), response.end())],
    ['one that is no date', (_request, response) => response.setHeader('date', 'yesterday').end()],
  ] as [string, RequestListener][])('with %s as the date', async (_what, answer) => {
    const url = await serve(answer);
    await expect(clockOffset(url, now, never)).rejects.toMatchObject(error(url, 'its answer has no readable Date header'));
  });

  test('of a server that is not there', async () => {
    const url = await serve(dated);
    await new Promise((closed) => servers.pop()?.close(closed));
    await expect(clockOffset(url, now, never)).rejects.toMatchObject({
      ...error(url, `it did not answer (connect ECONNREFUSED ${new URL(url).host})`),
      options: { cause: { message: 'fetch failed' } },
    });
  });

  test('of no address', async () => {
    await expect(clockOffset('nowhere', now, never)).rejects.toMatchObject({
      code: 'CLOCK_UNKNOWN',
      message: expect.stringMatching(/nowhere: it did not answer \(.*Invalid URL.*\)\./),
    });
  });

  test('because it is not wanted any more, is that and nothing else', async () => {
    const reason = new Error('stop');
    const stop = new AbortController();
    const url = await serve(() => stop.abort(reason));
    await expect(clockOffset(url, now, stop.signal)).rejects.toBe(reason);
  });
});
