import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { ActorContext, ActorError } from '../../../src/actors/actor.js';
import { runStagingDryRun } from '../../../src/actors/run-staging-dry-run.js';
import type { Check } from '../../../src/config/step-contracts.js';
import { createTestContext, type TestContext } from '../actor-context.js';
import { pretendKubectl } from '../pretended-command.js';
import { recordingLog, type RecordingLog } from '../recording-log.js';
import { testSettings, testWorld } from '../settings.js';

/** A service that answers each path with 200, or as `statuses` says. */
const statuses = new Map<string, number>();
let server: Server;
let url: string;
beforeAll(async () => {
  server = createServer((request, response) => void response.writeHead(statuses.get(request.url ?? '') ?? 200).end('ok'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

let base: TestContext;
let log: RecordingLog;
let opened: unknown[];
beforeEach(async () => {
  base = await createTestContext();
  log = recordingLog('40_staging_dry_run.txt');
  opened = [];
});
afterEach(async () => {
  statuses.clear();
  await base.remove();
});

const LISTS = `case "$2" in
  configmaps) echo '{"items":[{"kind":"ConfigMap","metadata":{"name":"a"},"data":{"k":"v"}}]}' ;;
  view) echo '{"current-context":"x","contexts":[{"name":"x"}],"clusters":[{"cluster":{"server":"https://k8s.staging.example.com"}}]}' ;;
  *) echo '{"items":[{"kind":"SecretProviderClass","metadata":{"name":"s"},"spec":{"parameters":{"objects":"- objectName: staging/db"}}}]}' ;;
esac`;

function run(kubectl = LISTS, stagingDryRunScript: string | null = null, changes: Partial<ActorContext> = {}) {
  const { env } = pretendKubectl(base.folder, kubectl);
  const openLog: ActorContext['openLog'] = (...args) => {
    opened.push(args);
    return Promise.resolve(log);
  };
  const settings = testSettings({ directory: base.folder, stagingBaseUrl: url, stagingDryRunScript });
  return runStagingDryRun({ settings, world: testWorld() }, { ...base, env, openLog, ...changes });
}

async function failure(...args: Parameters<typeof run>): Promise<ActorError> {
  return run(...args).then(
    () => {
      throw new Error('it passed');
    },
    (error: ActorError) => error,
  );
}

/** Without the durations. */
const told = () =>
  log
    .text()
    .replaceAll(/\d+ ms/g, 'N ms')
    .split('\n');
const header = () => [
  'Staging dry-run of run 20260221T120000Z, attempt 1, 2026-02-21T12:00:01.000Z',
  `Service ${url}, kube context dpp-staging, namespace dpp-staging`,
];
const health = () => ['/healthz', '/readyz'].map((path) => `[PASS] GET ${url}${path}: 200, 2 bytes (N ms)`);
const OBJECTS = [
  '[PASS] P4.3 ConfigMaps: 1 ConfigMaps with 1 values, none refers to production',
  '[PASS] P4.3 SecretProviderClasses: 1 SecretProviderClasses, every objectName was read, none is a production path',
];

describe('the dry-run', () => {
  test('passes with a line for each check, in the log and for whoever watches', async () => {
    const { checks, ...counts } = await run();
    expect(counts).toEqual({ configMaps: 1, secretProviderClasses: 1 });
    expect(checks.map(({ ok, name }) => [ok, name])).toEqual([
      [true, `GET ${url}/healthz`],
      [true, `GET ${url}/readyz`],
      [true, 'P4.3 ConfigMaps'],
      [true, 'P4.3 SecretProviderClasses'],
    ]);
    expect(opened).toEqual([['40_staging_dry_run.txt']]);
    expect(told()).toEqual([...header(), ...health(), ...OBJECTS, 'RESULT: PASS (4 of 4 checks passed)', '']);
    expect(base.lines).toEqual(log.text().split('\n').slice(2, 6));
    expect(log.closed()).toBe(true);
  });

  test('fails with every failed check at once, and what to do about each', async () => {
    statuses.set('/readyz', 503);
    const error = await failure(`case "$2" in configmaps) echo 'error: it broke' >&2; echo twice >&2; exit 1 ;; esac\n${LISTS}`);
    const command =
      'kubectl get configmaps -o json --context dpp-staging --server https://k8s.staging.example.com -n dpp-staging --request-timeout=29s';
    const said = `${command} failed (exit code 1): error: it broke | twice. Run the command by hand to see more (-v=6).`;
    expect(error.code).toBe('STAGING_CHECK_FAILED');
    expect(error.message.replace(/\d+ ms/, 'N ms')).toBe(
      '2 of 4 staging checks failed, see 40_staging_dry_run.txt:\n' +
        `- GET ${url}/readyz: 503; expected 2xx (N ms) -> Look at the logs of the staging deployments, and mend the service.\n` +
        `- P4.3 ConfigMaps: ${said} -> Mend the access to the cluster, then run the step again.`,
    );
    expect((error.options.details?.['checks'] as Check[]).map(({ ok }) => ok)).toEqual([true, false, false, true]);
    expect(told().slice(3)).toEqual([
      `[FAIL] GET ${url}/readyz: 503; expected 2xx (N ms)`,
      `[FAIL] P4.3 ConfigMaps: ${said}`,
      OBJECTS[1],
      'RESULT: FAIL (2 of 4 checks passed)',
      '',
    ]);
    expect(log.closed()).toBe(true);
  });

  test('fails when the SecretProviderClasses can not be read', async () => {
    const error = await failure(`case "$2" in secret*) echo 'error: it broke' >&2; exit 1 ;; esac\n${LISTS}`);
    expect(error.message).toMatch(
      /^1 of 4 staging checks failed, .*:\n- P4\.3 SecretProviderClasses: kubectl get secretprovider/,
    );
  });

  test("adds the repository's script, with its output in the log", async () => {
    const script = join(base.folder, 'dry-run.sh');
    writeFileSync(script, '#!/bin/sh\necho said\nexit 1\n', { mode: 0o755 });
    const error = await failure(LISTS, script);
    expect(error.message).toContain(
      `1 of 5 staging checks failed, see 40_staging_dry_run.txt:\n- Script ${script}: ended with exit 1`,
    );
    expect(told().slice(6)).toEqual([
      `Output of ${script}:`,
      'said',
      `[FAIL] Script ${script}: ended with exit 1; expected exit 0`,
      'RESULT: FAIL (4 of 5 checks passed)',
      '',
    ]);
  });

  test('keeps each check on one line, whatever was said', async () => {
    const two = '{"items":[{"kind":"ConfigMap","metadata":{"name":"a"},"data":{"x \\n  y":"prod"}}]}';
    await failure(`case "$2" in configmaps) cat <<'END'\n${two}\nEND\nexit 0 ;; esac\n${LISTS}`);
    expect(log.text()).toContain('[FAIL] P4.3 ConfigMaps: ConfigMap a, key x | y: refers to production ("prod")\n');
  });

  test('that is stopped has not failed, nor has one with a fault of ours', async () => {
    const controller = new AbortController();
    const childEnded = () => Promise.resolve(controller.abort(new Error('stopped')));
    await expect(run('exit 1', null, { signal: controller.signal, childEnded })).rejects.toThrow('stopped');
    const childStarted = () => Promise.reject(new Error('the lease is lost'));
    await expect(run(LISTS, null, { childStarted })).rejects.toThrow('the lease is lost');
    expect(log.text()).not.toMatch(/P4\.3|RESULT/);
  });
});
