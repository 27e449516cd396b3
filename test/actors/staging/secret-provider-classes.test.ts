import { describe, expect, test } from '@jest/globals';
import { checkSecretProviderClasses } from '../../../src/actors/staging/secret-provider-classes.js';
import { answeringKubectl, forbidden, notFound } from '../answering-kubectl.js';

const GET = 'get secretproviderclasses.secrets-store.csi.x-k8s.io';
const NAME = 'P4.3 SecretProviderClasses';
const MEND = 'Point these fields at staging secrets, write `objects` as the provider documents it, and run the step again.';
const STAGING = '- objectName: staging/db';

const secretClass = (spec: object, name = 'dpp-secrets') => ({ kind: 'SecretProviderClass', metadata: { name }, spec });
const check = (...items: unknown[]) => checkSecretProviderClasses(answeringKubectl({ [GET]: { items } }), 'dpp-staging');

/** What is found in one class, each finding without the class's name. */
async function findings(spec: object): Promise<string[]> {
  const { check: found, count } = await check(secretClass(spec));
  expect({ count, ...found }).toEqual({ count: 1, name: NAME, ok: false, message: expect.any(String), advice: MEND });
  return found.message.split('; ').map((finding) => finding.replace(/^SecretProviderClass dpp-secrets, /, ''));
}

describe('the SecretProviderClasses of staging', () => {
  test('pass when every object name was read and none is of production, and are counted', async () => {
    const fields = {
      parameters: { objects: STAGING, region: 'eu-west-1' },
      secretObjects: [{ secretName: 'db', data: [null, 1] }],
    };
    expect(await check(secretClass(fields), secretClass({ parameters: { objects: STAGING } }, 'dpp-more'))).toEqual({
      count: 2,
      check: {
        name: NAME,
        ok: true,
        message: '2 SecretProviderClasses, every objectName was read, none is a production path',
        advice: null,
      },
    });
  });

  test('fail when there is none', async () => {
    expect(await check()).toEqual({
      count: 0,
      check: {
        name: NAME,
        ok: false,
        message: 'there is no SecretProviderClass in namespace dpp-staging: nothing was proven',
        advice: 'Deploy staging first, or set DPP_K8S_NAMESPACE to where it is.',
      },
    });
  });

  test('fail where the cluster does not know them', async () => {
    expect(await checkSecretProviderClasses(answeringKubectl({ [GET]: notFound() }), 'dpp-staging')).toEqual({
      count: 0,
      check: {
        name: NAME,
        ok: false,
        message:
          'the cluster does not know secretproviderclasses.secrets-store.csi.x-k8s.io: where staging takes its secrets from cannot be proven',
        advice: 'Install the Secrets Store CSI driver with its CRDs on staging, or correct the kube context.',
      },
    });
  });

  test.each([
    ['may not be read', forbidden(), { code: 'KUBECTL_FORBIDDEN' }],
    ['can not be asked for', new Error('the lease is lost'), { message: 'the lease is lost' }],
  ])('are not proven when they %s', async (_what, error, expected) => {
    await expect(checkSecretProviderClasses(answeringKubectl({ [GET]: error }), 'dpp-staging')).rejects.toMatchObject(expected);
  });

  test.each([
    ['another kind', { ...secretClass({}), kind: 'Secret' }],
    ['no name', secretClass({}, '')],
    ['no spec', { kind: 'SecretProviderClass', metadata: { name: 'a' } }],
    ['a parameter that is no text', secretClass({ parameters: { objects: [] } })],
  ])('are not believed with %s in the list', async (_what, item) => {
    await expect(check(item)).rejects.toMatchObject({ code: 'KUBECTL_BAD_OUTPUT' });
  });

  test('fail with the findings of every class', async () => {
    const { check: found, count } = await check(
      secretClass({}, 'one'),
      secretClass({ parameters: { objects: STAGING } }),
      secretClass({}, 'two'),
    );
    expect(count).toBe(3);
    expect(found.message).toBe(
      'SecretProviderClass one, parameters.objects: is missing or empty, no objectName can be read; ' +
        'SecretProviderClass two, parameters.objects: is missing or empty, no objectName can be read',
    );
  });
});

describe('in a SecretProviderClass', () => {
  test.each([[{}], [{ parameters: {} }], [{ parameters: { objects: '' } }], [{ parameters: { objects: ' \n' } }]])(
    'objects must be there: %j',
    async (spec) => {
      expect(await findings(spec)).toEqual(['parameters.objects: is missing or empty, no objectName can be read']);
    },
  );

  test.each<[string, string, string[]]>([
    ['no name', '- objectType: secretsmanager', ['parameters.objects: has no objectName']],
    ['an empty name', '- objectName: a\n- objectName: ""', ['parameters.objects line 2: objectName is empty']],
    ['a name of production', '- objectName: prod/db', ['parameters.objects line 1, objectName: points at production ("prod")']],
    [
      'a name of production, in other letters',
      '- OBJECTNAME: prod/db',
      ['parameters.objects line 1, OBJECTNAME: points at production ("prod")'],
    ],
    [
      'another key of production',
      `${STAGING}\n  objectAlias: prod-db`,
      ['parameters.objects line 2, objectAlias: points at production ("prod")'],
    ],
    ['production in a key', `${STAGING}\n  prod-db: x`, ['parameters.objects line 2, prod-db: points at production ("prod")']],
    [
      'production in an item without a key',
      '[{"objectName": "staging/db"}, {"": "prod/x"}]',
      ['parameters.objects line 1, item: points at production ("prod")'],
    ],
  ])('objects with %s', async (_what, objects, expected) => {
    expect(await findings({ parameters: { objects } })).toEqual(expected);
  });

  test('objects that can not be read for sure are a finding, and searched but for their comments', async () => {
    expect(await findings({ parameters: { objects: '# prod\n  # prod\r\n- objectName: !vault staging/db' } })).toEqual([
      'parameters.objects: cannot be read for sure: line 3: Unresolved tag: !vault',
    ]);
    expect(await findings({ parameters: { objects: '- objectName: !vault x#prod' } })).toEqual([
      'parameters.objects: cannot be read for sure: line 1: Unresolved tag: !vault',
      'parameters.objects: points at production ("prod")',
    ]);
  });

  test('other parameters are searched, but for their comments', async () => {
    const parameters = {
      objects: STAGING,
      keyvaultName: 'dpp-prod-kv',
      note: '# prod\n # prd\r# prod\r\nstaging',
      roleArn: 'prd\n#',
    };
    expect(await findings({ parameters })).toEqual([
      'parameters.keyvaultName: points at production ("prod")',
      'parameters.roleArn: points at production ("prd")',
    ]);
    expect((await check(secretClass({ parameters: { objects: STAGING, note: 'pro\nd' } }))).check.ok).toBe(true);
  });

  test('secretObjects are searched, however deep a text is in them', async () => {
    const secretObjects = [{ secretName: 'db' }, { secretName: 'prod-db', data: [{ objectName: 'prod/db', key: 'url' }] }];
    expect(await findings({ parameters: { objects: STAGING }, secretObjects })).toEqual([
      'secretObjects[1].secretName: points at production ("prod")',
      'secretObjects[1].data[0].objectName: points at production ("prod")',
    ]);
    expect(await findings({ parameters: { objects: STAGING }, secretObjects: 'prod' })).toEqual([
      'secretObjects: points at production ("prod")',
    ]);
  });
});
