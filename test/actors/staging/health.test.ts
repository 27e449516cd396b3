import { afterAll, afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { checkHealth, HEALTH_TIMEOUT_MS } from '../../../src/actors/staging/health.js';
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
    expect(await check('/readyz', 100)).toEqual({
      name: `GET ${staging.url}/readyz`,
      ok: false,
      message: 'no complete answer within 0.1 s',
      advice: 'Find out what the service waits for, or whether a firewall drops the packets.',
    });
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

describe('what an endpoint answers', () => {
  const URL = 'https://staging.example.com:8443/healthz';
  const fetched = jest.spyOn(globalThis, 'fetch');
  beforeEach(() => void fetched.mockClear());
  afterAll(() => fetched.mockRestore());

  /** The check, without its duration. */
  async function answered(answer: () => Response | Promise<never>) {
    fetched.mockImplementation(() => Promise.resolve(answer()));
    const { name, ok, message, advice } = await checkHealth(URL, signal);
    expect(name).toBe(`GET ${URL}`);
    return { ok, message: message.replace(/ \(\d+ ms\)$/, ''), advice };
  }

  test('is asked for once, afresh, within 15 s', async () => {
    await answered(() => new Response('ok'));
    expect(fetched.mock.calls).toEqual([
      [
        URL,
        {
          redirect: 'manual',
          signal: expect.any(AbortSignal),
          headers: { accept: 'application/json, text/plain, */*', 'cache-control': 'no-cache' },
        },
      ],
    ]);
    expect(HEALTH_TIMEOUT_MS).toBe(15_000);
  });

  test.each([200, 204, 299])('is healthy with %d', async (status) => {
    expect(await answered(() => new Response(null, { status }))).toEqual({
      ok: true,
      message: `${status}, 0 bytes`,
      advice: null,
    });
  });

  test.each([400, 404, 500, 599])('is not healthy with %d', async (status) => {
    expect(await answered(() => new Response('no', { status }))).toEqual({
      ok: false,
      message: `${status}; expected 2xx`,
      advice: 'Look at the logs of the staging deployments, and mend the service.',
    });
  });

  test.each([
    [300, undefined, ''],
    [302, '/login?token=abc#x', ' to /login'],
    [307, 'https://login.example.com/#token=abc', ' to https://login.example.com/'],
    [399, '/', ' to /'],
  ])('is not healthy with %d to %s', async (status, location, to) => {
    const headers: Record<string, string> = location === undefined ? {} : { location };
    expect(await answered(() => new Response(null, { status, headers }))).toEqual({
      ok: false,
      message: `${status}, a redirect${to}; expected 2xx from the service itself`,
      advice: 'Set DPP_STAGING_BASE_URL to the address that answers itself.',
    });
  });

  test('may be 64 KiB long, and no longer', async () => {
    expect(await answered(() => new Response('x'.repeat(65_536)))).toMatchObject({ ok: true, message: '200, 65536 bytes' });
    expect(await answered(() => new Response('x'.repeat(65_537)))).toEqual({
      ok: false,
      message: '200 with more than 64 KiB; this is no answer of a health endpoint',
      advice: 'Check that DPP_STAGING_BASE_URL is the address of the API and not of a web site.',
    });
  });

  const failing = (cause: unknown) => answered(() => Promise.reject(new TypeError('fetch failed', { cause })));
  const coded = (code: unknown, message = 'it broke ') => Object.assign(new Error(message), { code });

  test.each(['ENOTFOUND', 'EAI_AGAIN'])('is none when the name does not resolve: %s', async (code) => {
    expect(await failing(coded(code))).toEqual({
      ok: false,
      message: `the name staging.example.com does not resolve (DNS: ${code})`,
      advice: 'Check DPP_STAGING_BASE_URL, VPN and DNS.',
    });
  });

  test.each<[string, unknown]>([
    ['', coded('ECONNREFUSED')],
    [' on any address', new AggregateError([coded('ECONNREFUSED'), coded('EHOSTUNREACH')])],
  ])('is none when nothing listens%s', async (_where, cause) => {
    expect(await failing(cause)).toEqual({
      ok: false,
      message: 'connection refused by staging.example.com:8443',
      advice: 'Check that staging is up, and the port in DPP_STAGING_BASE_URL.',
    });
  });

  test.each(['ECONNRESET', 'ECONNABORTED', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'EPIPE', 'UND_ERR_SOCKET'])(
    'is none when the connection fails: %s',
    async (code) => {
      expect(await failing(coded(code, 'it broke'))).toEqual({
        ok: false,
        message: `the connection to staging.example.com:8443 failed (${code}: it broke)`,
        advice: 'Check the network, VPN, and that staging is up.',
      });
    },
  );

  test.each([
    'CERT_HAS_EXPIRED',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'ERR_SSL_WRONG_VERSION_NUMBER',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'EPROTO',
    'HOSTNAME_MISMATCH',
  ])('is none when TLS fails: %s', async (code) => {
    expect(await failing(coded(code))).toEqual({
      ok: false,
      message: `TLS with staging.example.com:8443 failed (${code}: it broke)`,
      advice: 'Mend the certificate; an own authority is made known with NODE_EXTRA_CA_CERTS.',
    });
  });

  test.each<[string, unknown, string]>([
    ['an unknown code', coded('EOTHER', 'it broke'), 'EOTHER: it broke'],
    ['a code that only contains a known one', coded('X_ECONNRESET', 'it broke'), 'X_ECONNRESET: it broke'],
    ['another that only contains a known one', coded('X_CERT_', 'it broke'), 'X_CERT_: it broke'],
    ['a code that is no text', coded(7, 'it broke'), 'it broke'],
    ['no cause', undefined, 'fetch failed'],
    ['null for a cause', null, 'fetch failed'],
    ['a cause that says nothing', {}, 'TypeError: fetch failed'],
    ['a cause of the cause', new Error('outer', { cause: coded('EOTHER', 'inner') }), 'EOTHER: inner'],
    ['a text for a cause', 'a text', 'TypeError: fetch failed'],
  ])('is none when the request fails with %s', async (_what, cause, says) => {
    expect(await failing(cause)).toEqual({
      ok: false,
      message: `the request failed (${says})`,
      advice: 'Check DPP_STAGING_BASE_URL and what answers there.',
    });
  });

  test('is none when causes go round in a circle', async () => {
    const error = new Error('round');
    error.cause = error;
    expect((await failing(error)).message).toBe('the request failed (round)');
  });
});
