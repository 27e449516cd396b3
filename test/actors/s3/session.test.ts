import { describe, expect, test } from '@jest/globals';
import { ActorError } from '../../../src/actors/actor.js';
import { call, send, withSession } from '../../../src/actors/s3/session.js';
import { OWNER, settings } from '../sealing-context.js';
import { scriptedSession } from './scripted-session.js';
import { sdkError } from './sdk-error.js';

const answer = (fields: object) => () =>
  Promise.resolve({ $metadata: { httpStatusCode: 200, requestId: 'R1', attempts: 1 }, ...fields });

describe('a request', () => {
  test('is written down as a command, and its answer as it came, without bucket, owner and content', async () => {
    const session = scriptedSession({});
    const fields = {
      ETag: '"e1"',
      Name: 'worm',
      Body: 'content',
      Owner: { ID: 'somebody' },
      Versions: [{ Key: 'a', Owner: { ID: 'somebody' }, Size: 3 }, 'text', null],
    };
    const given = await send(
      session,
      'ListObjectVersions',
      { prefix: 'a "b"', 'max-keys': 7, 'key-marker': undefined },
      answer(fields),
    );
    expect(given).toMatchObject(fields);
    expect(session.lines).toEqual([
      '$ s3api list-object-versions --prefix "a \\"b\\"" --max-keys 7',
      '{"status":200,"request_id":"R1","ETag":"\\"e1\\"","Versions":[{"Key":"a","Size":3},"text",null]}',
    ]);
  });

  test('has its command in the words of the AWS CLI', async () => {
    const session = scriptedSession({});
    for (const operation of ['PutObject', 'ListObjectsV2', 'S3Get']) await send(session, operation, {}, answer({}));
    expect(session.lines.filter((line) => line.startsWith('$'))).toEqual([
      '$ s3api put-object',
      '$ s3api list-objects-v2',
      '$ s3api s3-get',
    ]);
  });

  test('is written down before it is made, and can be stopped', async () => {
    const session = scriptedSession({});
    await send(session, 'HeadBucket', {}, (options) => {
      expect(options).toEqual({ abortSignal: session.signal });
      expect(session.lines).toEqual(['$ s3api head-bucket']);
      return answer({})();
    });
  });
});

describe('a request that fails', () => {
  const refused = sdkError({ status: 403, code: 'AccessDenied', message: 'Access Denied', requestId: 'R1' });
  test.each([
    [{ key: 'a/b' }, 's3://worm/a/b'],
    [{ prefix: 'a/' }, 's3://worm/a/'],
    [{ key: 7 }, 's3://worm'],
    [{}, 's3://worm'],
  ])('%j: is written down with what it was about, and passed on as it is, or as what to do', async (facts, where) => {
    const session = scriptedSession({});
    await expect(send(session, 'HeadObject', facts, () => Promise.reject(refused))).rejects.toBe(refused);
    const message = `S3 refused permission: HeadObject on ${where} (403 AccessDenied: Access Denied; request id R1). Allow s3:GetObject, s3:GetObjectVersion and s3:ListBucket to the caller (aws sts get-caller-identity shows who that is).`;
    expect(session.lines.slice(1)).toEqual([`! ${message}`]);
    const explained = call(session, 'HeadObject', facts, () => Promise.reject(refused));
    await expect(explained).rejects.toBeInstanceOf(ActorError);
    await expect(explained).rejects.toMatchObject({ code: 'S3_ACCESS_DENIED', message });
  });
});

describe.each([
  ['send', send],
  ['call', call],
])('%s: an attempt that is stopped', (_name, ask) => {
  const reason = new Error('lease lost');
  test('asks for nothing and writes nothing down any more', async () => {
    const session = scriptedSession({}, AbortSignal.abort(reason));
    await expect(ask(session, 'HeadBucket', {}, () => Promise.reject(new Error('was asked')))).rejects.toBe(reason);
    expect(session.lines).toEqual([]);
  });

  test('ends with the reason, not with the error that the stopping makes', async () => {
    const abort = new AbortController();
    const session = scriptedSession({}, abort.signal);
    const stopped = ask(session, 'HeadBucket', {}, () => {
      abort.abort(reason);
      return Promise.reject(new Error('Request aborted'));
    });
    await expect(stopped).rejects.toBe(reason);
    expect(session.lines).toEqual(['$ s3api head-bucket']);
  });
});

test('a session is with the bucket and the region of the run, and its connections are closed after the work, also when it fails', async () => {
  const { signal } = new AbortController();
  const env = { AWS_ENDPOINT_URL: 'http://127.0.0.1:1', AWS_ACCESS_KEY_ID: 'stand-in', AWS_SECRET_ACCESS_KEY: 'stand-in' };
  const log = () => Promise.resolve();
  const closed: string[] = [];
  const open = (outcome: () => string) =>
    withSession({ settings: settings(), bucketOwner: OWNER }, { env, signal }, log, async (session) => {
      expect(session).toMatchObject({ bucket: settings().bucket, region: settings().awsRegion, signal, log });
      expect(await session.client.config.region()).toBe(settings().awsRegion);
      const destroy = session.client.destroy.bind(session.client);
      session.client.destroy = () => {
        closed.push('closed');
        destroy();
      };
      return outcome();
    });
  expect(await open(() => 'done')).toBe('done');
  expect(closed).toHaveLength(1);
  await expect(
    open(() => {
      throw new Error('failed');
    }),
  ).rejects.toThrow('failed');
  expect(closed).toHaveLength(2);
});
