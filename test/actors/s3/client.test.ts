import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { S3 } from '@aws-sdk/client-s3';
import { createS3Client } from '../../../src/actors/s3/client.js';
import { CHECKSUM, CONTENT, SHA256 } from './scripted-session.js';

interface Sent {
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

const STATIC = { AWS_ACCESS_KEY_ID: 'KEYOFENV', AWS_SECRET_ACCESS_KEY: 'stand-in' };
const settings = { awsRegion: 'ap-northeast-2', awsProfile: null };

let folder: string;
const environment = { ...process.env };
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cutover-aws-'));
  const credentials = (name: string, key: string) => `[${name}]\naws_access_key_id = ${key}\naws_secret_access_key = stand-in\n`;
  writeFileSync(join(folder, 'credentials'), credentials('default', 'KEYOFDEFAULT') + credentials('dpp-admin', 'KEYOFPROFILE'));
  writeFileSync(join(folder, 'config'), '[default]\nendpoint_url = http://127.0.0.1:9\n');
});
afterAll(() => rmSync(folder, { recursive: true }));

const clients: S3[] = [];
beforeEach(() => {
  process.env['AWS_SHARED_CREDENTIALS_FILE'] = join(folder, 'credentials');
  process.env['AWS_CONFIG_FILE'] = join(folder, 'config');
});
afterEach(() => {
  process.env = { ...environment };
  clients.splice(0).forEach((client) => client.destroy());
  jest.restoreAllMocks();
});

async function create(env: NodeJS.ProcessEnv, awsProfile: string | null = null, options = {}): Promise<S3> {
  const client = await createS3Client({ ...settings, awsProfile }, env, { owner: null, ...options });
  clients.push(client);
  return client;
}

/** A PUT of a stream as it would go out, signed; it is not sent. */
async function sentBy(client: S3, checksum: string | null = CHECKSUM): Promise<Sent> {
  let sent: Sent | null = null;
  client.middlewareStack.add(
    () => (args) => {
      sent = args.request as Sent;
      return Promise.resolve({ response: {}, output: { $metadata: {} } });
    },
    { step: 'finalizeRequest', priority: 'low' },
  );
  await client.putObject({
    Bucket: 'worm',
    Key: 'a/b',
    Body: Readable.from([CONTENT]),
    ContentLength: CONTENT.length,
    ...(checksum === null ? {} : { ChecksumSHA256: checksum }),
  });
  if (sent === null) throw new Error('nothing was to be sent');
  return sent;
}

describe('where requests go', () => {
  const common = 'http://s3.example.test:7001';
  const own = 'http://s3.example.test:7002';
  test.each([
    ['the endpoint of S3 before the common one', { AWS_ENDPOINT_URL_S3: own, AWS_ENDPOINT_URL: common }, 7002],
    ['the common one', { AWS_ENDPOINT_URL: common }, 7001],
    ['the common one when that of S3 is empty', { AWS_ENDPOINT_URL_S3: '', AWS_ENDPOINT_URL: common }, 7001],
  ])('%s, with the bucket in the path', async (_which, env, port) => {
    expect(await sentBy(await create({ ...STATIC, ...env }))).toMatchObject({
      hostname: 's3.example.test',
      port,
      path: '/worm/a/b',
    });
  });

  test.each([{}, { AWS_ENDPOINT_URL: '' }])(
    'AWS without one in the environment, whatever the AWS configuration says',
    async (env) => {
      expect(await sentBy(await create({ ...STATIC, ...env }))).toMatchObject({
        hostname: 'worm.s3.ap-northeast-2.amazonaws.com',
        path: '/a/b',
      });
    },
  );
});

describe('who asks', () => {
  const keyOf = async (client: S3) => /Credential=(\w+)\//.exec((await sentBy(client)).headers['authorization'] ?? '')?.[1];
  test('the credentials of the environment, before the profile', async () => {
    expect(await keyOf(await create(STATIC))).toBe('KEYOFENV');
    expect(await keyOf(await create(STATIC, 'dpp-admin'))).toBe('KEYOFENV');
  });

  test('the profile of the run, or the default one', async () => {
    expect(await keyOf(await create({}, 'dpp-admin'))).toBe('KEYOFPROFILE');
    expect(await keyOf(await create({}))).toBe('KEYOFDEFAULT');
  });
});

describe('how requests are made', () => {
  test('the whole body is signed by the checksum that the request names, and is sent as it is', async () => {
    const { headers } = await sentBy(await create(STATIC));
    expect(headers).toMatchObject({ 'x-amz-content-sha256': SHA256, 'x-amz-checksum-sha256': CHECKSUM });
    expect(headers['authorization']).toMatch(/SignedHeaders=[^,]*x-amz-content-sha256/);
    expect(Object.keys(headers).filter((name) => /trailer|content-encoding|crc/.test(name))).toEqual([]);
  });

  test('without a checksum none is added', async () => {
    const { headers } = await sentBy(await create(STATIC), null);
    expect(headers['x-amz-content-sha256']).toBe('UNSIGNED-PAYLOAD');
    expect(Object.keys(headers).filter((name) => /trailer|content-encoding|checksum/.test(name))).toEqual([]);
  });

  test('each is made once, answers are not checked behind our back, and nothing is printed', async () => {
    const client = await create(STATIC);
    expect(await client.config.maxAttempts()).toBe(1);
    expect(await client.config.responseChecksumValidation()).toBe('WHEN_REQUIRED');
    const printed = (['trace', 'debug', 'info', 'warn', 'error'] as const).map((level) => {
      const onConsole = jest.spyOn(console, level).mockReturnValue(undefined);
      client.config.logger[level]?.('said the SDK');
      expect(client.config.logger[level]).toBeInstanceOf(Function);
      return onConsole.mock.calls.length;
    });
    expect(printed).toEqual([0, 0, 0, 0, 0]);
  });

  test.each([
    [{}, { connectionTimeout: 5_000, socketTimeout: 60_000 }],
    [{ idleMs: 500 }, { connectionTimeout: 500, socketTimeout: 500 }],
  ])('a connection may be silent for so long: %j', async (options, timeouts) => {
    const client = await create({ ...STATIC, AWS_ENDPOINT_URL: 'http://127.0.0.1:1' }, null, options);
    // The handler has its configuration with its first request.
    await client.headBucket({ Bucket: 'worm' }).catch(() => undefined);
    const handler = client.config.requestHandler as unknown as { httpHandlerConfigs(): object };
    expect(handler.httpHandlerConfigs()).toMatchObject(timeouts);
  });
});
