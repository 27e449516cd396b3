import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import type { FaultCase, FaultGroup } from '../fault-case.js';
import type { FaultPilot } from '../fault-pilot.js';
import { startKubernetes, type RunningKubernetes } from '../../services/kubernetes/start.js';
import { commitScript, control, mendRunner, whileGatesRun } from '../rc-runner.js';

const CSI = 'secretproviderclasses.secrets-store.csi.x-k8s.io';
const GIVE_STAGING_VALUES = 'Give these keys staging values';
const POINT_AT_STAGING = 'Point these fields at staging secrets';
const MEND_ACCESS = 'Mend the access to the cluster, then run the step again.';
const SCRIPT = 'dpp/tools/staging_dry_run.sh';

function configMap(
  how: string,
  content: { data?: object; binaryData?: object },
  found: string,
  advice = GIVE_STAGING_VALUES,
): FaultCase {
  return {
    what: 'P4.3 ConfigMap',
    how,
    inject: ({ site }) =>
      site.kubernetes.control({ put: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'dpp-extra' }, ...content } }),
    mend: ({ site }) => site.kubernetes.control({ delete: { resource: 'configmaps', name: 'dpp-extra' } }),
    says: [`P4.3 ConfigMaps: ConfigMap dpp-extra, ${found}`, advice],
  };
}

function secrets(how: string, parameters: object, says: FaultCase['says']): FaultCase {
  const metadata = { name: 'dpp-extra' };
  const put = { apiVersion: 'secrets-store.csi.x-k8s.io/v1', kind: 'SecretProviderClass', metadata };
  return {
    what: 'P4.3 SecretProviderClass',
    how,
    inject: ({ site }) => site.kubernetes.control({ put: { ...put, spec: { provider: 'aws', parameters } } }),
    mend: ({ site }) => site.kubernetes.control({ delete: { resource: 'secretproviderclasses', name: 'dpp-extra' } }),
    says: [`P4.3 SecretProviderClasses: SecretProviderClass dpp-extra, ${says[0]}`, ...says.slice(1)],
  };
}

/** The first list is the preflight's. */
function onlyNow(
  resource: 'configmaps' | 'secretproviderclasses',
  how: string,
  fault: { do: 'status' | 'empty' | 'garbage'; status?: number },
  says: FaultCase['says'],
): FaultCase {
  return {
    what: `list ${resource}`,
    how: `${how}, only in this step`,
    inject: ({ site }) => site.kubernetes.control({ fault: { verb: 'list', resource, nth: 2, ...fault } }),
    says,
  };
}

function meanwhile(what: string, how: string, shell: (pilot: FaultPilot) => string, says: FaultCase['says']): FaultCase {
  return { what, how, inject: (pilot) => whileGatesRun(pilot, shell(pilot)), mend: mendRunner, says };
}

function script(how: string, text: string, says: FaultCase['says'], inject: FaultCase['inject'] = () => undefined): FaultCase {
  return {
    what: `the repository's own \`${SCRIPT}\``,
    how,
    inject: async (pilot) => {
      await commitScript(pilot, SCRIPT, text);
      pilot.setVariable('CUTOVER_STAGING_DRY_RUN_SCRIPT', SCRIPT);
      await inject(pilot);
    },
    says,
  };
}

/** Where nothing must be done. */
let other: RunningKubernetes;

export const ISOLATION: FaultGroup = {
  title: 'Step 2: P4.3 data isolation',
  stage: 'step',
  cases: [
    configMap(
      'a production URL',
      { data: { API_URL: 'https://api.prod.example.com' } },
      'key API_URL: refers to production ("prod")',
    ),
    configMap(
      'in capitals',
      { data: { api_url: 'HTTPS://API.PRODUCTION.EXAMPLE.COM' } },
      'key api_url: refers to production ("PRODUCTION")',
    ),
    configMap(
      'deep in a YAML text',
      { data: { 'app.yaml': 'queues:\n  - name: jobs\n    endpoints:\n      primary: sqs-prod-jobs\n' } },
      'key app.yaml: refers to production ("prod")',
    ),
    configMap(
      'deep in a JSON text, escaped',
      { data: { 'app.json': JSON.stringify({ db: { urls: ['postgres://x', JSON.stringify({ host: 'db\nprod' })] } }) } },
      'key app.json: refers to production ("prod")',
    ),
    configMap(
      'in binaryData',
      { binaryData: { 'ca.env': Buffer.from('HOST=db.prd.example.com\n').toString('base64') } },
      'key ca.env: refers to production ("prd")',
    ),
    configMap(
      'compressed',
      { binaryData: { 'app.conf.gz': gzipSync('host=db.prod.example.com\n').toString('base64') } },
      'key app.conf.gz: refers to production ("prod")',
    ),
    configMap(
      'in UTF-16',
      { data: { 'app.ini': Buffer.from('host=db.prod.example.com\r\n', 'utf16le').toString('utf8') } },
      'key app.ini: refers to production ("prod")',
    ),
    configMap(
      'a value that is no text',
      { binaryData: { 'ca.jks': Buffer.from('feedfeed00000002', 'hex').toString('base64') } },
      'key ca.jks: is no text that can be read, what it refers to is not known',
      'vouch for it (CUTOVER_BINARY_CONFIGMAP_KEYS="dpp-extra/ca.jks"), and start a new run',
    ),
    secrets(
      'an objectName points at production',
      { objects: '- objectName: "prod/dpp/database-url"\n  objectType: "secretsmanager"\n' },
      ['parameters.objects line 1, objectName: points at production ("prod")', POINT_AT_STAGING],
    ),
    secrets('its objects are no YAML', { objects: '- objectName: {staging: [\n' }, [
      'parameters.objects: cannot be read for sure: line 2: Flow sequence in block collection must be sufficiently indented',
      POINT_AT_STAGING,
    ]),
    secrets('its objects are empty', { objects: '' }, [
      'parameters.objects: is missing or empty, no objectName can be read',
      POINT_AT_STAGING,
    ]),
    secrets('no objectName in its objects', { objects: '- objectType: "secretsmanager"\n' }, [
      'parameters.objects: has no objectName',
      POINT_AT_STAGING,
    ]),
    onlyNow('configmaps', '403', { do: 'status', status: 403 }, ['P4.3 ConfigMaps: kubectl get configmaps -o json', MEND_ACCESS]),
    onlyNow('configmaps', '200 and nothing', { do: 'empty' }, ['P4.3 ConfigMaps: kubectl get configmaps -o json', MEND_ACCESS]),
    onlyNow('configmaps', 'HTML instead of JSON', { do: 'garbage' }, [
      'P4.3 ConfigMaps: kubectl get configmaps -o json',
      MEND_ACCESS,
    ]),
    onlyNow('secretproviderclasses', '403', { do: 'status', status: 403 }, [
      `P4.3 SecretProviderClasses: kubectl get ${CSI} -o json`,
      MEND_ACCESS,
    ]),
    onlyNow('secretproviderclasses', '500', { do: 'status', status: 500 }, [
      `P4.3 SecretProviderClasses: kubectl get ${CSI} -o json`,
      MEND_ACCESS,
    ]),
    {
      ...meanwhile(
        'P4.3 ConfigMap',
        'all deleted while the gates run',
        ({ site }) =>
          control(site.kubernetes.url, [
            { delete: { resource: 'configmaps', name: 'dpp-config' } },
            { delete: { resource: 'configmaps', name: 'dpp-feature-flags' } },
          ]),
        ['P4.3 ConfigMaps: there is no ConfigMap in namespace dpp-staging: nothing was proven', 'Deploy staging first'],
      ),
      mend: async (pilot) => {
        await mendRunner(pilot);
        await pilot.site.kubernetes.control({
          put: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'dpp-config' }, data: { DPP_ENVIRONMENT: 'staging' } },
        });
      },
    },
    meanwhile(
      'P4.3 SecretProviderClass',
      'its CRD is deleted while the gates run',
      ({ site }) => control(site.kubernetes.url, { crd: false }),
      [
        `P4.3 SecretProviderClasses: the cluster does not know ${CSI}`,
        'Install the Secrets Store CSI driver with its CRDs on staging',
      ],
    ),
    {
      what: 'kubeconfig',
      how: 'led to another cluster while the gates run: the one of the preflight is used',
      inject: async (pilot) => {
        other = await startKubernetes();
        pilot.stopWithSite({ stop: () => Promise.resolve(other.stop()) });
        await whileGatesRun(pilot, `sed -i 's#server: .*#server: ${other.url}#' '${pilot.kubeconfig}'`);
      },
      says: ['✓ Step 3: App rollback drill PASS'],
      exitCode: 2,
      holds: () => assert.equal(other.effects().length, 0, 'the drill was made on another cluster'),
      mend: async (pilot) => {
        await mendRunner(pilot);
        await pilot.site.kubernetes.writeKubeconfig(pilot.kubeconfig);
      },
    },
    script('fails', '#!/bin/sh\necho "smoke test 3 failed"\nexit 4\n', [
      `${SCRIPT}: ended with exit 4; expected exit 0`,
      'Read its output in 40_staging_dry_run.txt',
    ]),
    script('killed by a signal', '#!/bin/sh\nkill -KILL $$\n', [`${SCRIPT}: ended with signal SIGKILL; expected exit 0`]),
    script('its interpreter is missing', '#!/no/such/interpreter\n', [
      `${SCRIPT}: ended with exit 12`,
      'Read its output in 40_staging_dry_run.txt',
    ]),
    {
      ...script(
        'deleted while the gates run',
        '#!/bin/sh\n',
        [`${SCRIPT}: could not be run`, `${SCRIPT} does not exist. Restore it, or correct the path.`],
        (pilot) => whileGatesRun(pilot, `rm ${SCRIPT}`),
      ),
      mend: mendRunner,
    },
  ],
};
