import { describe, expect, test } from '@jest/globals';
import { PILOT_SITE, type Site } from '../../src/config/site.js';
import { NO_POLICY } from '../../src/config/policy.js';
import { parseSettings, type FileFacts, type ParseOptions } from '../../src/config/parse-settings.js';
import type { RunRequest, RunVariable } from '../../src/config/settings.js';

const VALID: Partial<Record<RunVariable, string>> = {
  AWS_PROFILE: 'dpp-admin',
  AWS_REGION: 'ap-northeast-2',
  DPP_WORM_BUCKET: 'dpp-audit-worm-staging',
  DPP_WORM_PREFIX: 'evidence/cutover',
  DPP_WORM_OBJECT_LOCK_MODE: 'GOVERNANCE',
  DPP_WORM_RETENTION_DAYS: '365',
  DPP_STAGING_BASE_URL: 'https://staging.api.dpp.example.com',
  DPP_K8S_NAMESPACE: 'dpp-staging',
};
const RUNNER = '/repository/dpp/tools/rc_double_then_ci_then_archive.sh';

/** Executable files, and files that are not. */
function files(executable: readonly string[], plain: readonly string[] = []): FileFacts {
  return { exists: (path) => [...executable, ...plain].includes(path), isExecutable: (path) => executable.includes(path) };
}

function parse(
  changes: Partial<Record<RunVariable, string | undefined>>,
  on = files([RUNNER]),
  options: ParseOptions = {},
  site: Site = PILOT_SITE,
) {
  const variables = Object.fromEntries(
    Object.entries({ ...VALID, ...changes }).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const request: RunRequest = {
    directory: '/repository',
    evidenceRoot: '/repository/e',
    variables,
    contextOk: null,
    commitsOk: null,
    again: null,
    policyFile: '/srv/platform/cutover.policy.yaml',
    policy: NO_POLICY,
    channels: [],
    site,
    configFile: null,
    origins: {},
  };
  const { settings, checks, valid } = parseSettings(request, on, options);
  return { settings, valid, checks, failed: checks.filter(({ ok }) => !ok) };
}

describe('the environment of the runbook', () => {
  test('becomes settings with the design’s defaults', () => {
    const { settings, failed } = parse({});
    expect(failed).toEqual([]);
    expect(settings).toEqual({
      directory: '/repository',
      evidenceRoot: '/repository/e',
      branches: ['phase6-preflight', 'main'],
      requiredCommits: [],
      commitsOk: null,
      contextOk: null,
      awsProfile: 'dpp-admin',
      awsRegion: 'ap-northeast-2',
      bucket: 'dpp-audit-worm-staging',
      bucketOwner: null,
      prefix: 'evidence/cutover',
      keyFolder: 'phase6_4_cutover',
      lockMode: 'GOVERNANCE',
      retentionDays: 365,
      stagingBaseUrl: 'https://staging.api.dpp.example.com',
      namespace: 'dpp-staging',
      binaryConfigMapKeys: [],
      rcRunner: RUNNER,
      deployments: ['dpp-api', 'dpp-worker', 'dpp-reaper'],
      stagingDryRunScript: null,
      rollbackDrillScript: null,
      signWith: null,
      tsaUrl: null,
      changeTicket: null,
    });
  });

  test('is reported variable by variable, with the value that counts', () => {
    const set = {
      AWS_PROFILE: undefined,
      DPP_K8S_NAMESPACE: undefined,
      AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9000',
      CUTOVER_ROLLBACK_DRILL_SCRIPT: 'drill.sh',
    };
    const { checks } = parse(set, files([RUNNER, '/repository/drill.sh']), { accessKeyInEnvironment: true });
    expect(checks).toEqual(
      [
        ['AWS_PROFILE', 'not set: nothing'],
        ['AWS_REGION', 'ap-northeast-2'],
        ['DPP_WORM_BUCKET', 'dpp-audit-worm-staging'],
        ['CUTOVER_BUCKET_OWNER', 'not set: nothing'],
        ['DPP_WORM_PREFIX', 'evidence/cutover'],
        ['DPP_WORM_OBJECT_LOCK_MODE', 'GOVERNANCE'],
        ['DPP_WORM_RETENTION_DAYS', '365'],
        ['DPP_STAGING_BASE_URL', 'https://staging.api.dpp.example.com'],
        ['DPP_K8S_NAMESPACE', 'not set: dpp-staging'],
        ['CUTOVER_BINARY_CONFIGMAP_KEYS', 'not set: nothing'],
        ['DPP_RC_RUNNER', `not set: ${RUNNER}`],
        ['CUTOVER_STAGING_DRY_RUN_SCRIPT', 'not set: nothing'],
        ['CUTOVER_ROLLBACK_DRILL_SCRIPT', '/repository/drill.sh'],
        ['CUTOVER_SIGN_WITH', 'not set: nothing'],
        ['CUTOVER_TSA_URL', 'not set: nothing'],
        ['CUTOVER_CHANGE_TICKET', 'not set: nothing'],
        ['AWS_ENDPOINT_URL_S3', 'http://127.0.0.1:9000'],
      ].map(([name, message]) => ({ name, ok: true, message, advice: null })),
    );
  });

  test('missing altogether, names every variable at once', () => {
    const nothing = Object.fromEntries(Object.keys(VALID).map((name) => [name, undefined]));
    const { settings, failed } = parse(nothing, files([]));
    expect(settings).toBeNull();
    expect(failed.map(({ name }) => name)).toEqual([
      'AWS_PROFILE',
      'AWS_REGION',
      'DPP_WORM_BUCKET',
      'DPP_WORM_PREFIX',
      'DPP_WORM_RETENTION_DAYS',
      'DPP_STAGING_BASE_URL',
      'DPP_RC_RUNNER',
    ]);
    expect(failed[1]).toEqual({
      name: 'AWS_REGION',
      ok: false,
      message: 'is not set',
      advice: 'Export AWS_REGION, or have aws.region in the configuration file; see the runbook, "Required ENV".',
    });
    expect(failed.at(-1)).toEqual({
      name: 'DPP_RC_RUNNER',
      ok: false,
      message:
        'is not set, and none of dpp/tools/rc_double_then_ci_then_archive.sh, dpp/tools/phase6_preflight.py exists in /repository',
      advice: 'Run this in the repository, or set DPP_RC_RUNNER to the runner of the RC gates.',
    });
  });

  test('blank is told as it was written, empty as not set', () => {
    expect(parse({ AWS_PROFILE: ' \t' }).failed).toMatchObject([{ message: 'is blank (" \\t")' }]);
    expect(parse({ AWS_PROFILE: '' }).failed).toMatchObject([{ message: 'is not set' }]);
  });

  test('with a lock mode that is no word of S3 says which two there are', () => {
    expect(parse({ DPP_WORM_OBJECT_LOCK_MODE: 'governance' }).failed).toEqual([
      {
        name: 'DPP_WORM_OBJECT_LOCK_MODE',
        ok: false,
        message: '"governance" is neither "GOVERNANCE" nor "COMPLIANCE"',
        advice: 'Set DPP_WORM_OBJECT_LOCK_MODE to one of the two words exactly (the pilot uses GOVERNANCE), or leave it unset.',
      },
    ]);
  });

  test('blank counts as not set', () => {
    for (const name of [
      'AWS_REGION',
      'DPP_WORM_BUCKET',
      'DPP_WORM_PREFIX',
      'DPP_WORM_RETENTION_DAYS',
      'DPP_STAGING_BASE_URL',
    ] as const) {
      for (const blank of ['', ' ', '\t\n']) {
        const { settings, failed } = parse({ [name]: blank });
        expect(settings).toBeNull();
        expect(failed.map((check) => check.name)).toEqual([name]);
      }
    }
    expect(parse({ DPP_WORM_OBJECT_LOCK_MODE: ' ', DPP_K8S_NAMESPACE: '' }).settings).toMatchObject({
      lockMode: 'GOVERNANCE',
      namespace: 'dpp-staging',
    });
  });

  test('a valid part is told even when another variable is wrong', () => {
    const { settings, valid } = parse({ DPP_STAGING_BASE_URL: 'ftp://x' });
    expect(settings).toBeNull();
    expect(valid).toMatchObject({ bucket: 'dpp-audit-worm-staging', awsRegion: 'ap-northeast-2' });
    expect(valid).not.toHaveProperty('stagingBaseUrl');
  });

  test('a profile is not needed with an access key in the environment', () => {
    expect(parse({ AWS_PROFILE: undefined }, files([RUNNER]), { accessKeyInEnvironment: true }).settings).toMatchObject({
      awsProfile: null,
    });
    expect(parse({ AWS_PROFILE: ' ' }).failed).toMatchObject([{ name: 'AWS_PROFILE' }]);
  });
});

describe('a change ticket', () => {
  const withTicket = (CUTOVER_CHANGE_TICKET: string | undefined, changeTicketRequired = false) => {
    const site = { ...PILOT_SITE, changeTicketRequired };
    return parse({ CUTOVER_CHANGE_TICKET }, files([RUNNER]), {}, site);
  };

  test('is taken without the blanks around it, and need not be', () => {
    expect(withTicket(' CHG-1234 ').settings?.changeTicket).toBe('CHG-1234');
    expect(withTicket(undefined).settings?.changeTicket).toBeNull();
  });

  test('fails the preflight when it is missing and the site asks for one', () => {
    expect(withTicket('CHG-1234', true).failed).toEqual([]);
    for (const blank of [undefined, '', ' ']) {
      expect(withTicket(blank, true).failed).toEqual([
        {
          name: 'CUTOVER_CHANGE_TICKET',
          ok: false,
          message: 'is not set, and the configuration says that there is no cutover without one (change_ticket_required)',
          advice: 'Name it: --ticket TICKET, or CUTOVER_CHANGE_TICKET.',
        },
      ]);
    }
  });
});

describe('what the site says', () => {
  test('becomes settings: deployments, key folder, and where an RC runner is looked for', () => {
    const site = { ...PILOT_SITE, deployments: ['orders-api'], keyFolder: 'orders_cutover', rcRunners: ['tools/gates.sh'] };
    expect(parse({}, files([RUNNER, '/repository/tools/gates.sh']), {}, site).settings).toMatchObject({
      deployments: ['orders-api'],
      keyFolder: 'orders_cutover',
      rcRunner: '/repository/tools/gates.sh',
    });
    expect(parse({}, files([RUNNER]), {}, site).failed).toMatchObject([
      { name: 'DPP_RC_RUNNER', message: 'is not set, and none of tools/gates.sh exists in /repository' },
    ]);
  });
});

describe('refused values, repeated in the message', () => {
  test.each<[RunVariable, string[]]>([
    ['CUTOVER_CHANGE_TICKET', ['CHG-1\nCHG-2', 'CHG-1\u2028CHG-2', 'C\u0000', 'x'.repeat(201)]],
    ['CUTOVER_BUCKET_OWNER', ['12345678901', '1234567890123', '12345678901a', ' 123456789012', 'dpp-admin']],
    ['AWS_REGION', ['seoul', 'ap-northeast', 'AP-NORTHEAST-2', 'ap-northeast-2 ', 'ap_northeast_2', 'https://ap-northeast-2']],
    [
      'DPP_WORM_BUCKET',
      [
        'ab',
        'A-bucket',
        'a_b',
        's3://bucket',
        '-abc',
        'abc.',
        'a..b',
        '192.168.1.1',
        'xn--abc',
        'abc-s3alias',
        'a'.repeat(64),
        'bucket ',
      ],
    ],
    ['DPP_WORM_PREFIX', ['/evidence', '//', '/', 'a//b', 'a/../b', './a', 'a b', 'a\nb', 'ünicode', 'x'.repeat(901)]],
    ['DPP_WORM_OBJECT_LOCK_MODE', ['governance', 'GOVERNANCE ', 'Compliance', 'NONE', 'GOVERNANCE,COMPLIANCE']],
    [
      'DPP_WORM_RETENTION_DAYS',
      ['0', '-1', '1.5', '1e3', '0x10', '+1', '007', ' 365', '365 days', '36501', '99999999999999999999', '３６５'],
    ],
    [
      'DPP_STAGING_BASE_URL',
      [
        'staging.example.com',
        'ftp://staging.example.com',
        'https://staging.example.com/?a=1',
        'https://staging.example.com/#x',
        'https://stag ing.example.com',
        'https://api.prod.example.com',
        'https://example.com/production',
      ],
    ],
    ['DPP_K8S_NAMESPACE', ['DPP', 'dpp_staging', '-a', 'a-', 'a'.repeat(64), 'dpp-prod', 'production', 'dpp-staging ']],
    [
      'CUTOVER_BINARY_CONFIGMAP_KEYS',
      ['truststore.jks', 'dpp-trust/', '/a', 'dpp-trust/*', 'Dpp/a', 'dpp-trust/a b', 'dpp/trust/a'],
    ],
    ['AWS_ENDPOINT_URL', ['localhost', 'ftp://x.example.com', '  ']],
    ['AWS_ENDPOINT_URL_S3', ['x']],
    ['AWS_ENDPOINT_URL_STS', ['x']],
  ])('%s', (name, values) => {
    for (const value of values) {
      const { settings, failed } = parse({ [name]: value });
      expect([value, settings]).toEqual([value, null]);
      expect(failed).toMatchObject([
        { name, message: expect.stringContaining(JSON.stringify(value)), advice: expect.any(String) },
      ]);
    }
  });

  test('a timestamp authority without a key is refused: there is no signature to stamp', () => {
    const { settings, failed } = parse({ CUTOVER_TSA_URL: 'https://tsa.example.com/tsr' });
    expect(settings).toBeNull();
    expect(failed).toEqual([
      {
        name: 'CUTOVER_TSA_URL',
        ok: false,
        message: 'is set, but CUTOVER_SIGN_WITH is not: there is no signature to stamp',
        advice: 'Name the key that signs the attestation in CUTOVER_SIGN_WITH, or unset CUTOVER_TSA_URL.',
      },
    ]);
  });

  test('credentials in a URL are refused and not shown', () => {
    for (const name of ['DPP_STAGING_BASE_URL', 'AWS_ENDPOINT_URL'] as const) {
      const { failed } = parse({ [name]: 'https://user:hunter2@staging.example.com' });
      expect(failed).toMatchObject([{ name }]);
      expect(JSON.stringify(failed)).not.toContain('hunter2');
    }
  });
});

describe('accepted values', () => {
  test.each<[RunVariable, string, object]>([
    ['AWS_REGION', 'us-gov-west-1', { awsRegion: 'us-gov-west-1' }],
    ['AWS_REGION', 'eusc-de-east-1', { awsRegion: 'eusc-de-east-1' }],
    ['CUTOVER_BUCKET_OWNER', '123456789012', { bucketOwner: '123456789012' }],
    ['DPP_WORM_PREFIX', 'evidence/cutover///', { prefix: 'evidence/cutover' }],
    ['DPP_WORM_OBJECT_LOCK_MODE', 'COMPLIANCE', { lockMode: 'COMPLIANCE' }],
    ['DPP_WORM_RETENTION_DAYS', '1', { retentionDays: 1 }],
    ['DPP_WORM_RETENTION_DAYS', '36500', { retentionDays: 36500 }],
    ['DPP_STAGING_BASE_URL', 'http://127.0.0.1:8080/', { stagingBaseUrl: 'http://127.0.0.1:8080' }],
    ['DPP_STAGING_BASE_URL', 'https://staging.example.com/api/', { stagingBaseUrl: 'https://staging.example.com/api' }],
    [
      'CUTOVER_BINARY_CONFIGMAP_KEYS',
      'dpp-trust/truststore.jks, dpp.ca/ca_1.der',
      { binaryConfigMapKeys: ['dpp-trust/truststore.jks', 'dpp.ca/ca_1.der'] },
    ],
    ['CUTOVER_BRANCHES', ' release/6.4 , main ', { branches: ['release/6.4', 'main'] }],
    [
      'CUTOVER_REQUIRED_COMMITS',
      'phase6.1\nfeat: phase 6.2\n \n, phase6.3',
      { requiredCommits: ['phase6.1', 'feat: phase 6.2', 'phase6.3'] },
    ],
    ['AWS_ENDPOINT_URL', 'http://127.0.0.1:9000', {}],
  ])('%s=%j', (name, value, expected) => {
    const { settings, failed } = parse({ [name]: value });
    expect(failed).toEqual([]);
    expect(settings).toMatchObject(expected);
  });
});

test('the timestamp authority is the one that is named', () => {
  const variables = { CUTOVER_SIGN_WITH: 'signer.pem', CUTOVER_TSA_URL: 'https://tsa.example.com' };
  const { settings, failed } = parse(variables, files([RUNNER, '/repository/signer.pem']));
  expect(failed).toEqual([]);
  expect(settings).toMatchObject({ tsaUrl: 'https://tsa.example.com/' });
});

describe('the RC runner', () => {
  const python = '/repository/dpp/tools/phase6_preflight.py';

  test('is the named one, relative to the repository, and no other', () => {
    expect(parse({ DPP_RC_RUNNER: 'my/run.sh' }, files([RUNNER, '/repository/my/run.sh'])).settings?.rcRunner).toBe(
      '/repository/my/run.sh',
    );
    expect(parse({ DPP_RC_RUNNER: '/opt/run.sh' }, files(['/opt/run.sh'])).settings?.rcRunner).toBe('/opt/run.sh');
    expect(parse({ DPP_RC_RUNNER: 'my/run.sh' }).failed).toMatchObject([
      {
        name: 'DPP_RC_RUNNER',
        message: '/repository/my/run.sh does not exist, or is not a file',
        advice: 'Restore it, or correct DPP_RC_RUNNER.',
      },
    ]);
    expect(parse({ DPP_RC_RUNNER: ' my/run.sh ' }, files(['/repository/my/run.sh'])).settings?.rcRunner).toBe(
      '/repository/my/run.sh',
    );
  });

  test('is else the shell runner, else the Python one', () => {
    expect(parse({}, files([RUNNER, python])).settings?.rcRunner).toBe(RUNNER);
    expect(parse({}, files([python])).settings?.rcRunner).toBe(python);
    expect(parse({}, files([], [python])).settings?.rcRunner).toBe(python);
  });

  test('that may not be executed says chmod +x', () => {
    expect(parse({}, files([], [RUNNER])).failed).toMatchObject([
      { message: `${RUNNER} is not executable`, advice: `Run chmod +x ${RUNNER}, and commit it.` },
    ]);
  });

  test('scripts of the repository are optional, but an unusable one is an error', () => {
    const script = '/repository/dpp/tools/staging_dry_run.sh';
    const given = { CUTOVER_STAGING_DRY_RUN_SCRIPT: ' dpp/tools/staging_dry_run.sh ' };
    expect(parse(given, files([RUNNER, script])).settings?.stagingDryRunScript).toBe(script);
    expect(parse(given).failed).toMatchObject([{ name: 'CUTOVER_STAGING_DRY_RUN_SCRIPT' }]);
    expect(parse({ CUTOVER_ROLLBACK_DRILL_SCRIPT: 'x.py' }, files([RUNNER], ['/repository/x.py'])).failed).toMatchObject([
      { name: 'CUTOVER_ROLLBACK_DRILL_SCRIPT', advice: expect.stringContaining('chmod +x') },
    ]);
  });
});
