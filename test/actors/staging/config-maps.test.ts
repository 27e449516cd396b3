import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { checkConfigMaps } from '../../../src/actors/staging/config-maps.js';
import { answeringKubectl, forbidden } from '../answering-kubectl.js';

const configMap = (name: string, fields: object = {}) => ({ kind: 'ConfigMap', metadata: { name }, ...fields });
const base64 = (bytes: string | Uint8Array) => Buffer.from(bytes as string).toString('base64');
const settings = (...binaryConfigMapKeys: string[]) => ({ namespace: 'dpp-staging', binaryConfigMapKeys });
const checkWith = (vouched: string[], ...items: unknown[]) =>
  checkConfigMaps(answeringKubectl({ 'get configmaps': { items } }), settings(...vouched));
const check = (...items: unknown[]) => checkWith([], ...items);

const CLUSTERS_OWN = configMap('kube-root-ca.crt', { data: { 'ca.crt': 'prod' } });
const MEND =
  'Give these keys staging values (kubectl edit configmap, or your deployment), restart what reads them, and run the step again.';

describe('the ConfigMaps of staging', () => {
  test('pass when no value refers to production, and are counted', async () => {
    const result = await check(
      configMap('dpp-config', {
        data: { URL: 'https://staging.example.com', LEVEL: 'info' },
        binaryData: { text: base64('text') },
      }),
      configMap('dpp-empty'),
      CLUSTERS_OWN,
    );
    expect(result).toEqual({
      count: 2,
      check: {
        name: 'P4.3 ConfigMaps',
        ok: true,
        message: '2 ConfigMaps with 3 values, none refers to production',
        advice: null,
      },
    });
  });

  test.each([
    ['UTF-16 with a mark', Buffer.from('\ufeffdb: db.prod.example.com', 'utf16le')],
    ['UTF-16 of the other byte order', Buffer.from('\ufeffdb: db.prod.example.com', 'utf16le').swap16()],
    ['UTF-16 without a mark', Buffer.from('db: db.prod.example.com\r\n', 'utf16le')],
    ['gzip', gzipSync('db: db.prod.example.com')],
    ['UTF-16 in gzip in gzip', gzipSync(gzipSync(Buffer.from('\ufeffdb.prod.example.com', 'utf16le')))],
  ])('fail where production stands in %s', async (_what, bytes) => {
    const found = 'refers to production ("prod")';
    for (const fields of [
      { binaryData: { blob: base64(bytes) } },
      ...(isUtf8(bytes) ? [{ data: { blob: bytes.toString() } }] : []),
    ])
      expect((await check(configMap('dpp-config', fields))).check).toMatchObject({
        ok: false,
        message: `ConfigMap dpp-config, key blob: ${found}`,
        advice: MEND,
      });
  });

  test('pass with text in UTF-16 and gzip, which is read and counted', async () => {
    const utf16 = Buffer.from('db: db.staging.example.com, größer\n', 'utf16le');
    const binaryData = { a: base64(utf16), b: base64(gzipSync(utf16)), c: base64(gzipSync('db.staging.example.com – näher')) };
    expect((await check(configMap('dpp-config', { binaryData }))).check).toMatchObject({
      ok: true,
      message: '1 ConfigMaps with 3 values, none refers to production',
    });
  });

  test.each([
    ['bytes that are no text', Uint8Array.of(0xc0, 0x80)],
    ['text with a NUL', 'db.staging.example.com\0'],
    ['a key store', Uint8Array.of(0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2)],
    ['small numbers', Uint8Array.of(1, 0, 2, 0)],
    ['UTF-16 that is cut off', Uint8Array.of(0xff, 0xfe, 0x61)],
    ['UTF-16 with a NUL', Buffer.from('\ufeffa\0', 'utf16le')],
    ['gzip that is cut off', gzipSync('text').subarray(0, 15)],
    ['gzip with something behind it', Buffer.concat([gzipSync('text'), Buffer.from('db.prod.example.com')])],
    ['gzip of what is no text', gzipSync(Uint8Array.of(0xc0))],
    ['gzip of more than is looked through', gzipSync(Buffer.alloc(8 * 1024 ** 2 + 1, 'a'))],
    ['gzip in gzip without an end', Array.from({ length: 5 }).reduce<Buffer>((inner) => gzipSync(inner), Buffer.from('text'))],
  ])('fail with %s: what it refers to is not known', async (_what, bytes) => {
    expect(await check(configMap('dpp-trust', { data: { URL: 'x' }, binaryData: { 'ca.jks': base64(bytes) } }))).toEqual({
      count: 1,
      check: {
        name: 'P4.3 ConfigMaps',
        ok: false,
        message: 'ConfigMap dpp-trust, key ca.jks: is no text that can be read, what it refers to is not known',
        advice:
          'Write as UTF-8 what is text; for what must be binary, look at it, vouch for it ' +
          '(CUTOVER_BINARY_CONFIGMAP_KEYS="dpp-trust/ca.jks"), and start a new run.',
      },
    });
  });

  test('a value that is no text passes when the site vouches for exactly that one, and is named with its digest', async () => {
    const jks = Uint8Array.of(0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2);
    const item = configMap('dpp-trust', { data: { URL: 'x' }, binaryData: { 'ca.jks': base64(jks) } });
    const digest = createHash('sha256').update(jks).digest('hex');
    expect((await checkWith(['dpp-trust/gone', 'dpp-trust/ca.jks'], item)).check).toEqual({
      name: 'P4.3 ConfigMaps',
      ok: true,
      message:
        '1 ConfigMaps with 1 values, none refers to production; ' +
        `not read, but vouched for in CUTOVER_BINARY_CONFIGMAP_KEYS: ConfigMap dpp-trust, key ca.jks (SHA-256 ${digest})`,
      advice: null,
    });
    for (const other of ['dpp-trust/ca', 'dpp-trus/ca.jks', 'dpp-trust/ca.jks2'])
      expect((await checkWith([other], item)).check.ok).toBe(false);
  });

  test('a value that the site vouches for is looked at all the same where it is text', async () => {
    const item = configMap('dpp-trust', { binaryData: { 'ca.jks': base64(gzipSync('db.prod.example.com')) } });
    expect((await checkWith(['dpp-trust/ca.jks'], item)).check).toMatchObject({
      ok: false,
      message: 'ConfigMap dpp-trust, key ca.jks: refers to production ("prod")',
    });
  });

  test('fail with every key that refers to production, and no value', async () => {
    const result = await check(
      configMap('dpp-config', { data: { URL: 'https://api.prod.example.com', LEVEL: 'info' } }),
      configMap('dpp-flags', { data: { json: '{"db":"\\u0070rod-db"}' }, binaryData: { blob: base64('host=production-db') } }),
    );
    expect(result).toEqual({
      count: 2,
      check: {
        name: 'P4.3 ConfigMaps',
        ok: false,
        message:
          'ConfigMap dpp-config, key URL: refers to production ("prod"); ConfigMap dpp-flags, key json: refers to production ("prod"); ' +
          'ConfigMap dpp-flags, key blob: refers to production ("production")',
        advice: MEND,
      },
    });
  });

  test.each([
    ['', [] as unknown[]],
    [" but the cluster's own kube-root-ca.crt", [CLUSTERS_OWN]],
  ])('fail when there is none%s', async (but, items) => {
    expect(await check(...items)).toEqual({
      count: 0,
      check: {
        name: 'P4.3 ConfigMaps',
        ok: false,
        message: `there is no ConfigMap in namespace dpp-staging${but}: nothing was proven`,
        advice: 'Deploy staging first, or set DPP_K8S_NAMESPACE to where it is.',
      },
    });
  });

  test.each([
    ['another kind', { ...configMap('a'), kind: 'Secret' }],
    ['no name', configMap('')],
    ['no metadata', { kind: 'ConfigMap' }],
    ['a value that is no text', configMap('a', { data: { a: 1 } })],
    ['binary data that is not base64', configMap('a', { binaryData: { a: '*' } })],
  ])('are not believed with %s in the list', async (_what, item) => {
    await expect(check(configMap('dpp-config'), item)).rejects.toMatchObject({ code: 'KUBECTL_BAD_OUTPUT' });
  });

  test('are not proven when they can not be read', async () => {
    const kubectl = answeringKubectl({ 'get configmaps': forbidden() });
    await expect(checkConfigMaps(kubectl, settings())).rejects.toMatchObject({ code: 'KUBECTL_FORBIDDEN' });
    await expect(checkConfigMaps(answeringKubectl({ 'get configmaps': {} }), settings())).rejects.toMatchObject({
      code: 'KUBECTL_BAD_OUTPUT',
    });
  });
});
