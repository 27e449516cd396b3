import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ordersService } from '../../demo/sample-service.js';
import { SignOffKey } from '../sign-off-key.js';
import { Pilot, type CliResult } from './pilot.js';

const ANSWERS = {
  method: 'other: pg_restore of the nightly base backup',
  target: 'orders-restore.db.example.com',
  queries: { 'Order count': '1024, as in the source', 'Open invoices by region': '12 in each of three' },
  notProduction: 'the host differs, current_database() is orders_restore',
};

/** What the pilot is called, its parts and what it asks for; not the variables, which are the program's own for every service. */
const PILOT_NAMES = /\bdpp\b|dpp[-/]|phase ?6|Phase ?6|[Pp]ilot|[Tt]enant|[Bb]illing|[Ww]ebhook|API-key|decisionwise/g;

describe('another service than the pilot, out of examples/orders', () => {
  const verifier = new SignOffKey('verifier@example.com');
  let orders: Pilot;
  let started: CliResult;
  let unsigned: CliResult;
  let requested: CliResult;
  let responded: CliResult;
  let resumed: CliResult;
  let directory: string;

  beforeAll(async () => {
    orders = await Pilot.create({ sample: ordersService('examples') });
    const { repository, env } = orders.site;
    writeFileSync(join(repository, 'allowed_signers'), verifier.allowed);
    execFileSync('git', ['commit', '--quiet', '--all', '--message', 'The key of our verifier'], { cwd: repository, env });
    execFileSync('openssl', ['genpkey', '-quiet', '-algorithm', 'ed25519', '-out', operatorsKey()]);
    const signed = { env: { CUTOVER_SIGN_WITH: operatorsKey() } };
    started = await orders.cutover(['start', '--ticket', 'CHG-1234'], signed);
    directory = await orders.runDirectory();
    await orders.verify(ANSWERS);
    unsigned = await orders.cutover(['sign-off', 'latest', '--as', 'verifier@example.com'], signed);
    // The verifier's account can't read the operator's key; nor is it asked for.
    renameSync(operatorsKey(), `${operatorsKey()}.kept`);
    const request = join(orders.directory, 'sign-off.json');
    requested = await orders.cutover(['sign-off', 'latest', '--as', 'verifier@example.com', '--request', request]);
    writeFileSync(`${request}.sig`, verifier.sign(readFileSync(request, 'utf8')));
    responded = await orders.cutover(['sign-off', 'latest', '--response', `${request}.sig`]);
    renameSync(`${operatorsKey()}.kept`, operatorsKey());
    resumed = await orders.cutover(['resume', 'latest'], signed);
  }, 120_000);
  afterAll(async () => {
    verifier.dispose();
    await orders.dispose();
  });

  const operatorsKey = () => join(orders.directory, 'operator.pem');
  const read = (name: string) => readFileSync(join(directory, name), 'utf8');

  test('is not begun without a change ticket, which its configuration asks for', async () => {
    const { exitCode, stdout } = await orders.cutover(['preflight']);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^FAIL +ENV CUTOVER_CHANGE_TICKET +is not set/m);
    expect(stdout.match(/^FAIL/gm)).toHaveLength(1);
  });

  test('goes from start to PASS', () => {
    expect(started).toMatchObject({ exitCode: 2 });
    expect(resumed).toMatchObject({ exitCode: 0 });
    expect(read('90_result_summary.txt')).toMatch(
      /^Orders — Release Cutover — RESULT SUMMARY\n[^]*\nChange ticket: CHG-1234\n[^]*\nVERDICT: PASS\n$/,
    );
    expect(read('00_scope.txt')).toMatch(/^Orders — Release Cutover — SCOPE\n=+\nService: +orders\nChange ticket: CHG-1234\n/);
  });

  test('is signed by its verifier with a key, beside an operator at the same account who keeps his own', () => {
    expect(started.stdout + read('10_preflight.json')).toContain(
      'cutover.policy.yaml, as HEAD has it, with separation of duties',
    );
    expect(unsigned).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('ssh-verified') });
    expect(requested).toMatchObject({ exitCode: 0 });
    expect(responded).toMatchObject({ exitCode: 0 });
    expect(read('90_result_summary.txt')).toContain(`ssh-verified ${verifier.fingerprint} |`);
  });

  test('rolls back its own deployments, and nothing else', () => {
    const rollouts = orders.site.kubernetes.effects().flatMap((effect) => (effect.kind === 'rollout' ? [effect.toImage] : []));
    expect(rollouts).toEqual([
      'registry.example.com/orders-web:1.0.0',
      'registry.example.com/orders-jobs:1.0.0',
      'registry.example.com/orders-web:1.1.0',
      'registry.example.com/orders-jobs:1.1.0',
    ]);
  });

  test('asks its own questions', () => {
    expect(read('55_db_rollback_human_checkpoint.txt')).toContain('[x] Open invoices by region: 12 in each of three\n');
  });

  test('is locked in its own folder of its own bucket, under its own terms', () => {
    const { s3_key, lock_mode, retention_days, run_id } = JSON.parse(read('60_evidence_seal_manifest.json'));
    expect(s3_key).toBe(`evidence/orders/orders_cutover/${run_id}/evidence.tar.gz`);
    expect({ lock_mode, retention_days }).toEqual({ lock_mode: 'COMPLIANCE', retention_days: 90 });
    const keys = orders.site.s3.state().versions.map(({ key }) => key);
    expect(keys.filter((key) => !key.startsWith(`evidence/orders/orders_cutover/${run_id}/`))).toEqual([]);
  });

  test('has an attestation that names it and its change ticket', () => {
    const { payload } = JSON.parse(read('65_attestation.dsse.json'));
    const { predicate } = JSON.parse(Buffer.from(payload, 'base64').toString('utf8'));
    expect(predicate).toMatchObject({ service: 'orders', changeTicket: 'CHG-1234' });
  });

  test('verifies', async () => {
    expect(await orders.cutover(['verify', 'latest'])).toMatchObject({ exitCode: 0 });
  });

  test('leaves nothing of the pilot in its evidence', () => {
    const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files.length).toBeGreaterThan(15);
    for (const { parentPath, name } of files) {
      const bytes = readFileSync(join(parentPath, name));
      const text = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('latin1');
      expect([name, ...new Set(text.match(PILOT_NAMES))]).toEqual([name]);
    }
  });
});
