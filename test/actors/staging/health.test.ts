import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { checkHealth } from '../../../src/actors/staging/health.js';
import { startStaging, type RunningStaging } from '../../services/staging/server.js';

let staging: RunningStaging;
beforeEach(async () => {
  staging = await startStaging();
});
afterEach(() => staging.stop());

const signal = new AbortController().signal;
const check = (path = '/readyz', timeoutMs?: number) => checkHealth(`${staging.url}${path}`, signal, timeoutMs);

async function serving<T>(answer: Parameters<typeof createServer>[1], use: (url: string) => Promise<T>): Promise<T> {
  const server: Server = createServer(answer as never);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/healthz`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe('a health check', () => {
  test('passes on 200, and does not repeat the body', async () => {
    expect(await check()).toMatchObject({ ok: true, message: expect.stringMatching(/^200, 15 bytes \(\d+ ms\)$/) });
  });

  test.each([404, 500, 503])('fails on %d', async (status) => {
    staging.control({ faults: [{ status }] });
    expect(await check()).toMatchObject({ ok: false, message: expect.stringContaining(`${status}; expected 2xx`) });
  });

  test('fails on a redirect, and does not follow it', async () => {
    staging.control({ faults: [{ path: '/readyz', redirect: '/healthz?token=abc' }] });
    const result = await check();
    expect(result).toMatchObject({ ok: false, message: expect.stringContaining('302, a redirect to /healthz;') });
    expect(staging.state().requests).toHaveLength(1);
  });

  test('fails when no answer comes in time', async () => {
    staging.control({ faults: [{ hang: true }] });
    expect(await check('/readyz', 100)).toMatchObject({ ok: false, message: 'no complete answer within 0.1 s' });
  });

  test('fails when the body does not end in time', async () => {
    const result = await serving(
      (_request, response) => void response.writeHead(200).write('{"status":'),
      (url) => checkHealth(url, signal, 100),
    );
    expect(result).toMatchObject({ ok: false, message: 'no complete answer within 0.1 s' });
  });

  test('fails on a page that is too long for a health answer', async () => {
    const result = await serving(
      (_request, response) => void response.end('x'.repeat(70_000)),
      (url) => checkHealth(url, signal),
    );
    expect(result).toMatchObject({ ok: false, message: expect.stringContaining('more than 64 KiB') });
  });

  test('says that the connection was refused', async () => {
    const url = await serving(undefined, (address) => Promise.resolve(address));
    expect(await checkHealth(url, signal)).toMatchObject({
      ok: false,
      message: expect.stringContaining('connection refused by 127.0.0.1'),
    });
  });

  test('says that the connection was reset', async () => {
    staging.control({ faults: [{ reset: true }] });
    expect(await check()).toMatchObject({ ok: false, message: expect.stringMatching(/connection to 127.* failed/) });
  });

  test('says that a name does not resolve', async () => {
    const result = await checkHealth('http://staging.invalid/healthz', signal);
    expect(result).toMatchObject({ ok: false, message: expect.stringContaining('the name staging.invalid does not resolve') });
  });

  test('says that TLS failed', async () => {
    const result = await checkHealth(`${staging.url.replace('http:', 'https:')}/healthz`, signal);
    expect(result).toMatchObject({ ok: false, message: expect.stringContaining('TLS with 127.0.0.1') });
  });

  test('ends with the reason when the run is stopped', async () => {
    staging.control({ faults: [{ hang: true }] });
    const controller = new AbortController();
    const pending = checkHealth(`${staging.url}/readyz`, controller.signal);
    controller.abort(new Error('stopped by the operator'));
    await expect(pending).rejects.toThrow('stopped by the operator');
  });
});
