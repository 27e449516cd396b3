import { describe, expect, test } from '@jest/globals';
import { checkConfigMaps } from '../../../src/actors/staging/config-maps.js';
import { answeringKubectl, forbidden } from '../answering-kubectl.js';

const configMap = (name: string, fields: object = {}) => ({ kind: 'ConfigMap', metadata: { name }, ...fields });
const base64 = (bytes: string | Uint8Array) => Buffer.from(bytes as string).toString('base64');
const check = (...items: unknown[]) => checkConfigMaps(answeringKubectl({ 'get configmaps': { items } }), 'dpp-staging');

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

  test('pass with binary values, and it is said that these were not read', async () => {
    const binaryData = { blob: base64(Uint8Array.of(0xff, 0xfe)), other: base64(Uint8Array.of(0xc0)) };
    expect(await check(configMap('dpp-config', { binaryData }))).toEqual({
      count: 1,
      check: {
        name: 'P4.3 ConfigMaps',
        ok: true,
        message: '1 ConfigMaps with 0 values, none refers to production; 2 binary values are no text and were not read',
        advice: null,
      },
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
    await expect(checkConfigMaps(kubectl, 'dpp-staging')).rejects.toMatchObject({ code: 'KUBECTL_FORBIDDEN' });
    await expect(checkConfigMaps(answeringKubectl({ 'get configmaps': {} }), 'dpp-staging')).rejects.toMatchObject({
      code: 'KUBECTL_BAD_OUTPUT',
    });
  });
});
