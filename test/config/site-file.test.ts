import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { policyJsonSchema } from '../../src/config/policy-file.js';
import { SITE_SETTINGS, VARIABLE_SETTINGS } from '../../src/config/setting-names.js';
import { RUN_VARIABLES } from '../../src/config/settings.js';
import { PILOT_SITE } from '../../src/config/site.js';
import { parseSiteFile, siteJsonSchema } from '../../src/config/site-file.js';
import { YamlFileError } from '../../src/config/yaml-file.js';

const FILE = '/site/cutover.config.yaml';
const KNOWN = [{ name: 'DEPLOY_PASSWORD', value: 'correct-horse-battery' }];

const parse = (text: string) => parseSiteFile(FILE, Buffer.from(text), KNOWN);

/** What is wrong with it, as it is told. */
function problems(text: string): string[] {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof YamlFileError) return error.problems.map(({ line, key, message }) => `${line} ${key}: ${message}`);
    throw error;
  }
  return [];
}

const WHOLE = `
version: 1
service: orders
title: Orders — Release Cutover
evidence_root: evidence
key_folder: orders_cutover
change_ticket: CHG-1234
change_ticket_required: true
branches: [release, main]
required_commits:
  - v1.0.0
  - "Orders 2: split the ledger"
rc_runner: tools/gates.sh
rc_runners: [tools/a.sh, tools/b.py]
staging_dry_run_script: tools/dry_run.sh
rollback_drill_script: tools/drill.sh
deployments: [orders-api, orders-worker]
smoke_queries: [Order count, Open invoices]
verification_guide: docs/restore.md
sign_with: keys/signer.pem
tsa_url: https://tsa.example.com/tsr
aws: { profile: orders-admin, region: eu-central-1 }
worm:
  bucket: orders-audit-worm
  bucket_owner: "000000000000"
  prefix: evidence/orders
  object_lock_mode: COMPLIANCE
  retention_days: 30
staging:
  base_url: https://staging.orders.example.com
  namespace: orders-staging
  binary_configmap_keys: [orders-trust/ca.jks, orders-trust/ca.der]
`;

describe('a configuration file', () => {
  test('says everything that a site can say, each with its line', () => {
    const { variables, site, evidenceRoot, lines } = parse(WHOLE);
    expect(variables).toEqual({
      CUTOVER_CHANGE_TICKET: 'CHG-1234',
      CUTOVER_BRANCHES: 'release,main',
      CUTOVER_REQUIRED_COMMITS: 'v1.0.0,Orders 2: split the ledger',
      DPP_RC_RUNNER: 'tools/gates.sh',
      CUTOVER_STAGING_DRY_RUN_SCRIPT: 'tools/dry_run.sh',
      CUTOVER_ROLLBACK_DRILL_SCRIPT: 'tools/drill.sh',
      CUTOVER_SIGN_WITH: 'keys/signer.pem',
      CUTOVER_TSA_URL: 'https://tsa.example.com/tsr',
      AWS_PROFILE: 'orders-admin',
      AWS_REGION: 'eu-central-1',
      DPP_WORM_BUCKET: 'orders-audit-worm',
      CUTOVER_BUCKET_OWNER: '000000000000',
      DPP_WORM_PREFIX: 'evidence/orders',
      DPP_WORM_OBJECT_LOCK_MODE: 'COMPLIANCE',
      DPP_WORM_RETENTION_DAYS: '30',
      DPP_STAGING_BASE_URL: 'https://staging.orders.example.com',
      DPP_K8S_NAMESPACE: 'orders-staging',
      CUTOVER_BINARY_CONFIGMAP_KEYS: 'orders-trust/ca.jks,orders-trust/ca.der',
    });
    expect(site).toEqual({
      service: 'orders',
      title: 'Orders — Release Cutover',
      keyFolder: 'orders_cutover',
      deployments: ['orders-api', 'orders-worker'],
      rcRunners: ['tools/a.sh', 'tools/b.py'],
      smokeQueries: ['Order count', 'Open invoices'],
      verificationGuide: 'docs/restore.md',
      changeTicketRequired: true,
    });
    expect(evidenceRoot).toBe('evidence');
    expect(lines).toMatchObject({ service: 3, required_commits: 10, 'aws.region': 22, 'worm.retention_days': 28 });
    expect(Object.keys(lines)).toHaveLength(Object.keys(variables).length + Object.keys(site).length + 1);
  });

  test('that says nothing leaves everything as it is', () => {
    expect(parse('version: 1\n')).toEqual({ variables: {}, site: {}, evidenceRoot: null, lines: {} });
  });

  test.each([
    ['an unknown key with a near one', 'version: 1\nservise: a\n', '2 servise: is not known; did you mean service?'],
    ['an unknown key, deep inside', 'version: 1\nworm:\n  buket: a\n', '3 worm.buket: is not known; did you mean bucket?'],
    [
      'a number for text',
      'version: 1\nworm:\n  bucket_owner: 123456789012\n',
      expect.stringMatching(/^3 worm.bucket_owner: .*string/),
    ],
    ['a blank', 'version: 1\naws: { region: " " }\n', '2 aws.region: must be one line, and not blank'],
    ['two lines', 'version: 1\ntitle: "a\\nb"\n', '2 title: must be one line, and not blank'],
    ['a path for a folder', 'version: 1\nkey_folder: a/b\n', '2 key_folder: must be letters, digits, _ and - only'],
    ['no deployment', 'version: 1\ndeployments: []\n', expect.stringMatching(/^2 deployments: /)],
    [
      'an option for a deployment',
      'version: 1\ndeployments: [--all]\n',
      '2 deployments.0: must be the name of a Kubernetes object',
    ],
    ['one thing twice', 'version: 1\ndeployments: [a, a]\n', '2 deployments: must not name one twice'],
    ['a comma within a branch', 'version: 1\nbranches: ["a,b"]\n', '2 branches.0: must have no comma'],
    [
      'a query that breaks the form',
      'version: 1\nsmoke_queries: ["a: b"]\n',
      expect.stringMatching(/^2 smoke_queries.0: must be words/),
    ],
    [
      'a query that is the status',
      'version: 1\nsmoke_queries: [Status]\n',
      expect.stringMatching(/^2 smoke_queries.0: .*status/),
    ],
    ['a query of the form itself', 'version: 1\nsmoke_queries: [other]\n', '2 smoke_queries.0: stands in the form anyway'],
  ])('with %s is refused, and the place is named', (_what, text, problem) => {
    expect(problems(text)).toEqual([problem]);
  });

  test.each([
    ['a password', 'version: 1\ndb_password: hunter2hunter\n', 'password', 'hunter2hunter'],
    ['an access key', 'version: 1\naws:\n  profile: AKIAABCDEFGHIJKLMNOP\n', 'aws-access-key-id', 'AKIAABCDEFGHIJKLMNOP'],
    [
      'what the environment holds as a secret',
      'version: 1\ntitle: correct-horse-battery\n',
      'env-DEPLOY_PASSWORD',
      'correct-horse',
    ],
    ['a URL with a password', 'version: 1\ntsa_url: https://a:secretsecret@tsa.example.com\n', 'url-password', 'secretsecret'],
  ])('with %s is refused, and it is not repeated', (_what, text, kind, value) => {
    const [problem] = problems(text);
    expect(problem).toContain(`holds a secret (${kind})`);
    expect(problem).toMatch(/^[23] /);
    expect(problem).not.toContain(value);
  });
});

test('every variable of a run is a setting, and every setting of a site has a name', () => {
  expect(VARIABLE_SETTINGS.map(({ variable }) => variable).sort()).toEqual([...RUN_VARIABLES].sort());
  expect(SITE_SETTINGS.map(({ key }) => key).sort()).toEqual(Object.keys(PILOT_SITE).sort());
});

test.each([
  ['config', siteJsonSchema],
  ['policy', policyJsonSchema],
])('docs/%s.schema.json is the one that is enforced', (name, schema) => {
  expect(JSON.parse(readFileSync(`docs/${name}.schema.json`, 'utf8'))).toEqual(JSON.parse(JSON.stringify(schema())));
});
