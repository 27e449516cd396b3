import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { EVIDENCE } from '../../src/evidence/layout.js';
import { PilotWorkspace } from './pilot-workspace.js';

const RUN = '20260221T120001Z';

let pilot: PilotWorkspace;
beforeEach(() => void (pilot = new PilotWorkspace()));
afterEach(() => pilot.dispose());

const file = (name: string, ...lines: string[]) =>
  writeFileSync(join(pilot.directory, name), ['version: 1', ...lines, ''].join('\n'));
const configFile = (...lines: string[]) => file('cutover.config.yaml', ...lines);

describe('config show', () => {
  /** An RC runner, so that every setting is valid. */
  beforeEach(() => {
    mkdirSync(join(pilot.directory, 'tools'));
    writeFileSync(join(pilot.directory, 'tools/gates.sh'), '#!/bin/sh\n', { mode: 0o755 });
    pilot.env['DPP_RC_RUNNER'] = 'tools/gates.sh';
  });

  test('shows every setting, its value, and where that is from; and creates nothing', async () => {
    configFile('service: orders', 'worm:', '  retention_days: 30', '  object_lock_mode: COMPLIANCE');
    delete pilot.env['DPP_WORM_RETENTION_DAYS'];
    const before = readdirSync(pilot.directory);
    const { code, stdout } = await pilot.cutover('config', 'show', '--ticket', 'CHG-1234');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^SETTING +FROM +VALUE$/m);
    expect(stdout).toMatch(/^service +cutover\.config\.yaml:2 +orders$/m);
    expect(stdout).toMatch(/^title +default +Phase 6\.4 — Pilot Cutover Run$/m);
    expect(stdout).toMatch(/^worm\.retention_days +cutover\.config\.yaml:4 +30$/m);
    expect(stdout).toMatch(/^worm\.bucket +env DPP_WORM_BUCKET +dpp-audit-worm-test$/m);
    expect(stdout).toMatch(/^change_ticket +flag --ticket +CHG-1234$/m);
    expect(stdout).toMatch(/^staging\.namespace +default +dpp-staging$/m);
    expect(stdout).toMatch(/^deployments +default +dpp-api, dpp-worker, dpp-reaper$/m);
    expect(stdout).toMatch(/^Configuration: cutover\.config\.yaml$/m);
    expect(stdout).toMatch(/^Policy: no file$/m);
    expect(readdirSync(pilot.directory)).toEqual(before);
  });

  test('as JSON has the same, with the policy in force', async () => {
    file('cutover.policy.yaml', 'separation: true');
    const { code, stdout } = await pilot.cutover('config', 'show', '--json');
    expect(code).toBe(0);
    const shown = JSON.parse(stdout);
    expect(shown).toMatchObject({
      ok: true,
      config_file: null,
      policy: { file: join(pilot.directory, 'cutover.policy.yaml'), sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    expect(shown.settings).toContainEqual({
      name: 'aws.region',
      variable: 'AWS_REGION',
      value: 'ap-northeast-2',
      origin: { from: 'env', where: 'AWS_REGION' },
      fault: null,
      advice: null,
    });
  });

  test('shows a value that is not valid with its fault, and ends with 1', async () => {
    configFile('change_ticket_required: true', 'staging:', '  base_url: https://api.prod.example.com');
    delete pilot.env['DPP_STAGING_BASE_URL'];
    const { code, stdout } = await pilot.cutover('config', 'show');
    expect(code).toBe(1);
    expect(stdout).toMatch(/^staging\.base_url +cutover\.config\.yaml:4 +FAULT: .*refers to production/m);
    expect(stdout).toMatch(/^change_ticket +default +FAULT: is not set/m);
    expect(stdout).toMatch(/^ {2}change_ticket: Name it: --ticket/m);
  });

  test('prints no secret, wherever it stands', async () => {
    pilot.env['DEPLOY_PASSWORD'] = 'correct-horse-battery';
    pilot.env['CUTOVER_BRANCHES'] = 'main,correct-horse-battery';
    pilot.env['DPP_STAGING_BASE_URL'] = 'https://operator:hunter2hunter@staging.example.com';
    for (const form of [[], ['--json']]) {
      const { code, stdout } = await pilot.cutover('config', 'show', ...form);
      expect(code).toBe(1);
      expect(stdout).toContain('[REDACTED:env-DEPLOY_PASSWORD]');
      expect(stdout).toContain('the URL holds credentials');
      expect(stdout).not.toMatch(/correct-horse|hunter2/);
    }
  });

  test.each([['set'], ['']])('only shows: what is %j?', async (what) => {
    expect(await pilot.cutover('config', what)).toMatchObject({ code: 64, stderr: expect.stringContaining('show') });
  });
});

describe('the configuration file', () => {
  test('is the one in the directory, or the one that is named, and then it must be there', async () => {
    configFile('service: here');
    file('other.yaml', 'service: other');
    const service = async (...args: string[]) => {
      const { stdout } = await pilot.cutover('config', 'show', '--json', ...args);
      return JSON.parse(stdout).settings.find(({ name }: { name: string }) => name === 'service').value;
    };
    expect(await service()).toBe('here');
    pilot.env['CUTOVER_CONFIG'] = 'other.yaml';
    expect(await service()).toBe('other');
    expect(await service('--config', 'cutover.config.yaml')).toBe('here');
    const missing = await pilot.cutover('start', '--config', 'missing.yaml');
    expect(missing).toMatchObject({ code: 64, stderr: expect.stringContaining('missing.yaml cannot be read (ENOENT)') });
    expect(readdirSync(pilot.directory)).not.toContain('.cutover');
  });

  test('that cannot be understood stops a start, and the key is named with the one that was meant', async () => {
    configFile('servise: orders');
    expect(await pilot.cutover('start')).toMatchObject({
      code: 64,
      stderr: expect.stringContaining(':2: servise: is not known; did you mean service?'),
    });
  });

  test('is frozen with the run, where each value is from as well, and children see what it says', async () => {
    configFile('key_folder: orders_cutover', 'branches: [release]');
    const seen: unknown[] = [];
    const { runRcGates } = pilot.actors;
    pilot.actors['runRcGates'] = async (input, context) => {
      seen.push(context.env['CUTOVER_BRANCHES']);
      return runRcGates?.(input, context);
    };
    expect((await pilot.cutover('start')).code).toBe(2);
    expect(seen).toEqual(['release']);
    const { stdout } = await pilot.cutover('history', RUN, '--json');
    const { event } = JSON.parse(stdout.split('\n')[0] ?? '');
    expect(event.request).toMatchObject({
      evidenceRoot: join(pilot.directory, 'dpp/evidence/orders_cutover'),
      variables: { CUTOVER_BRANCHES: 'release', DPP_WORM_BUCKET: 'dpp-audit-worm-test' },
      site: { keyFolder: 'orders_cutover', service: 'dpp' },
      configFile: join(pilot.directory, 'cutover.config.yaml'),
      origins: {
        key_folder: { from: 'file', where: 'cutover.config.yaml:2' },
        'worm.bucket': { from: 'env', where: 'DPP_WORM_BUCKET' },
      },
    });
  });
});

describe('a configuration that is another one when a run goes on', () => {
  const resume = (...args: string[]) => pilot.cutover('resume', RUN, ...args);

  beforeEach(async () => {
    configFile('title: Pilot', 'branches: [main]', 'tsa_url: https://filed.example.com', 'worm: { bucket: filed }');
    pilot.env['CUTOVER_TSA_URL'] = 'https://tsa.example.com';
    expect((await pilot.cutover('start', '--ticket', 'CHG-1')).code).toBe(2);
    pilot.completeForm();
  });

  test('is drift: each setting is shown as it was and as it is, and it can be accepted on the record', async () => {
    configFile('title: Another', 'branches: [main, hotfix]', 'deployments: [dpp-api]');
    const { code, stderr } = await resume();
    expect(code).toBe(1);
    expect(stderr).toMatch(/^ +title +Pilot +Another$/m);
    expect(stderr).toMatch(/^ +CUTOVER_BRANCHES +main +main,hotfix$/m);
    expect(stderr).toMatch(/^ +deployments +dpp-api, dpp-worker, dpp-reaper +dpp-api$/m);
    expect((await resume('--accept-drift', 'agreed with the lead')).code).toBe(0);
    expect(readFileSync(pilot.evidence(RUN, EVIDENCE.summary), 'utf8')).toMatch(
      /^Pilot — RESULT SUMMARY\n[^]*drift accepted \(CUTOVER_BRANCHES: main -> main,hotfix; title: Pilot -> Another/,
    );
  });

  test('is accepted once for all, until it is another one again', async () => {
    configFile('title: Another', 'branches: [main]');
    expect((await pilot.cutover('accept-drift', RUN, '--reason', 'agreed with the lead')).code).toBe(0);
    configFile('title: A third', 'branches: [main]');
    expect((await resume()).stderr).toMatch(/^ +title +Pilot +A third$/m);
    configFile('title: Another', 'branches: [main]');
    expect((await resume()).code).toBe(0);
    expect(readFileSync(pilot.evidence(RUN, EVIDENCE.summary), 'utf8').match(/drift accepted/g)).toHaveLength(1);
  });

  test('is drift where it no longer says what it said, or is gone', async () => {
    configFile('title: Pilot');
    expect((await resume()).stderr).toMatch(/^ +CUTOVER_BRANCHES +main +\(not set\)$/m);
    rmSync(join(pilot.directory, 'cutover.config.yaml'));
    expect((await resume()).stderr).toMatch(/^ +configuration file +\S+cutover\.config\.yaml +\(missing\)$/m);
  });

  test('is none in a fresh shell: what a variable or an option said before the file, the file does not unsay', async () => {
    for (const name of ['CUTOVER_TSA_URL', 'DPP_WORM_BUCKET', 'AWS_REGION']) delete pilot.env[name];
    expect(await resume()).toMatchObject({ code: 0, stderr: expect.not.stringContaining('has changed') });
  });

  test('is none where the file has other lines, but says the same', async () => {
    configFile(
      '# in another order',
      'branches: [main]',
      'title: Pilot',
      'worm: { bucket: filed }',
      'tsa_url: https://filed.example.com',
    );
    expect((await resume()).code).toBe(0);
  });

  test('that is broken by then is an error, and the run waits as before', async () => {
    configFile('titel: Pilot');
    expect(await resume()).toMatchObject({ code: 64, stderr: expect.stringContaining('did you mean title?') });
  });
});

test('a file that came later is drift where it says something else', async () => {
  expect((await pilot.cutover('start')).code).toBe(2);
  pilot.completeForm();
  configFile('service: dpp', 'worm: { prefix: elsewhere }', 'staging: { namespace: other }');
  const { code, stderr } = await pilot.cutover('resume', RUN);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^ +DPP_K8S_NAMESPACE +\(not set\) +other$/m);
  expect(stderr).not.toMatch(/DPP_WORM_PREFIX|service/);
});

test.each([
  ['--ticket', 'CHG-2'],
  ['--config', 'other.yaml'],
  ['--policy', 'other.yaml'],
  ['--evidence-root', 'elsewhere'],
  ['--context-ok', 'kind-pilot'],
  ['--commits-ok', 'no list yet'],
  ['--again', '--reason=x'],
  ['--tsa', 'https://tsa.example.com'],
])('%s is refused where a run is sealed that was begun without it', async (option, value) => {
  pilot.env['EVIDENCE_DIR'] = pilot.evidence(RUN);
  const { code, stderr } = await pilot.cutover('run', '--seal-only', option, value);
  expect(code).toBe(64);
  expect(stderr).toContain(`${option} is for a new run`);
});

test('a change ticket is on the card, in the JSON, and in the summary', async () => {
  expect((await pilot.cutover('start', '--ticket', 'CHG-1234')).stdout).toMatch(/^Ticket +CHG-1234$/m);
  pilot.completeForm();
  const { code, stdout } = await pilot.cutover('resume', RUN, '--json');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ change_ticket: 'CHG-1234', service: 'dpp' });
  expect(readFileSync(pilot.evidence(RUN, EVIDENCE.summary), 'utf8')).toMatch(/^Change ticket: CHG-1234$/m);
});
