import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startStaging, type RunningStaging } from './server.js';

let staging: RunningStaging;
beforeEach(async () => {
  staging = await startStaging();
});
afterEach(() => staging.stop());

const get = (path: string, init: RequestInit = {}) => fetch(`${staging.url}${path}`, { redirect: 'manual', ...init });

/** Resolves once the service has met a request; it is asked between turns of the event loop. */
async function untilRequested(path: string): Promise<void> {
  while (!staging.state().requests.some((request) => request.path === path)) await new Promise(setImmediate);
}

describe('the stand-in for the staging service', () => {
  test.each(['/healthz', '/readyz'])('%s is 200 and ok', async (path) => {
    const response = await get(path);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ status: 'ok' });
  });

  test('any other path is 404', async () => {
    expect((await get('/elsewhere')).status).toBe(404);
  });

  test('a status fault meets the named path only, and only as often as it says', async () => {
    staging.control({ faults: [{ path: '/readyz', status: 503, nth: 2, times: 1 }] });
    const statuses = [await get('/healthz'), await get('/readyz'), await get('/readyz'), await get('/readyz')].map(
      (r) => r.status,
    );
    expect(statuses).toEqual([200, 200, 503, 200]);
  });

  test('"always" lasts until the faults are cleared', async () => {
    staging.control({ faults: [{ status: 500, times: 'always' }] });
    expect([(await get('/healthz')).status, (await get('/healthz')).status]).toEqual([500, 500]);
    staging.control({ clearFaults: true });
    expect((await get('/healthz')).status).toBe(200);
  });

  test('a redirect carries its location and no body', async () => {
    staging.control({ faults: [{ path: '/healthz', redirect: 'https://login.example.com/' }] });
    const response = await get('/healthz');
    expect([response.status, response.headers.get('location'), await response.text()]).toEqual([
      302,
      'https://login.example.com/',
      '',
    ]);
  });

  test('an empty answer is 200 without a byte', async () => {
    staging.control({ faults: [{ path: '/healthz', empty: true }] });
    const response = await get('/healthz');
    expect([response.status, await response.text()]).toEqual([200, '']);
  });

  test('an endless body goes on until its client has had enough', async () => {
    staging.control({ faults: [{ path: '/healthz', endless: true }] });
    const { body } = await get('/healthz');
    let size = 0;
    for await (const chunk of body ?? []) {
      size += (chunk as Uint8Array).byteLength;
      if (size > 1_000_000) break;
    }
    expect(size).toBeGreaterThan(1_000_000);
    expect((await get('/healthz')).status).toBe(200);
  });

  test('a reset breaks the connection', async () => {
    staging.control({ faults: [{ path: '/healthz', reset: true }] });
    await expect(get('/healthz')).rejects.toMatchObject({ cause: { code: expect.stringMatching(/ECONNRESET|UND_ERR_SOCKET/) } });
  });

  test('a hanging request is logged without a status until its client gives up', async () => {
    staging.control({ faults: [{ path: '/healthz', hang: true }] });
    const controller = new AbortController();
    const asked = get('/healthz', { signal: controller.signal });
    await untilRequested('/healthz');
    controller.abort();
    await expect(asked).rejects.toMatchObject({ name: 'AbortError' });
    expect(staging.state().requests).toMatchObject([{ path: '/healthz', status: null }]);
  });

  test('a delayed answer comes, and not before its time', async () => {
    staging.control({ faults: [{ path: '/healthz', delayMs: 80 }] });
    const started = performance.now();
    expect((await get('/healthz')).status).toBe(200);
    expect(performance.now() - started).toBeGreaterThan(75);
  });

  test('faults and the request log go through /__control as well', async () => {
    const post = (body: unknown) => get('/__control', { method: 'POST', body: JSON.stringify(body) });
    expect((await post({ faults: [{ path: '/readyz', status: 418 }] })).status).toBe(200);
    await get('/readyz');
    const state = (await (await get('/__control')).json()) as { requests: unknown };
    expect(state.requests).toMatchObject([{ method: 'GET', path: '/readyz', status: 418 }]);
  });

  test('a control document with an unknown name is refused', async () => {
    const response = await get('/__control', { method: 'POST', body: '{"faults":[{"statos":500}]}' });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('statos');
  });
});
