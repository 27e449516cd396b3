import { generateKeyPairSync } from 'node:crypto';
import { chmod, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { FaultCase, FaultGroup } from '../fault-case.js';
import type { FaultPilot } from '../fault-pilot.js';
import { startTsa, type RunningTsa } from '../../services/tsa/start.js';
import { variable, type VariableFault } from './variable.js';

const URL_ADVICE = 'Set DPP_STAGING_BASE_URL to one such as https://staging.api.dpp.example.com';
const NAMESPACE_ADVICE = 'Set DPP_K8S_NAMESPACE to the staging namespace, or leave it unset for dpp-staging';
const RUNNER = 'dpp/tools/rc_double_then_ci_then_archive.sh';

function stagingUrl(value: string | undefined, wrong: string, rest: Partial<VariableFault> = {}): FaultCase {
  const name = 'DPP_STAGING_BASE_URL';
  return variable({ name, value, says: [wrong, URL_ADVICE], failedChecks: [`7. ${name}`], ...rest });
}

function namespace(value: string, wrong: string): FaultCase {
  const name = 'DPP_K8S_NAMESPACE';
  return variable({ name, value, says: [wrong, NAMESPACE_ADVICE], failedChecks: ['4. kube permissions', `7. ${name}`] });
}

/** A program of the repository that a variable names and that cannot be run. */
function program(name: string, path: string, wrong: string, todo: string): FaultCase {
  return {
    what: `\`${name}\``,
    how: `\`${path}\`: ${wrong}`,
    inject: (pilot) => pilot.setVariable(name, path),
    says: [`ENV ${name}: `, `/${path} ${wrong}`, todo],
    failedChecks: [`ENV ${name}`],
  };
}

/** For each variable that names a program: the ways in which it names none. */
function programs(name: string): FaultCase[] {
  return [
    program(name, 'dpp/tools/missing.sh', 'does not exist, or is not a file', `Restore it, or correct ${name}`),
    program(name, 'dpp/tools', 'does not exist, or is not a file', `Restore it, or correct ${name}`),
    program(name, 'CHANGES', 'is not executable', 'Run chmod +x'),
  ];
}

/** The runner that is used when none is named, changed in git: the worktree stays clean. */
function runnerOfTheRepository(how: string, inject: (pilot: FaultPilot) => Promise<unknown>, says: FaultCase['says']): FaultCase {
  return {
    what: 'RC runner of the repository',
    how,
    inject: async (pilot) => {
      await inject(pilot);
      await pilot.git('commit', '--quiet', '--all', '--message', 'the RC runner');
    },
    mend: (pilot) => pilot.git('revert', '--no-edit', 'HEAD'),
    says,
    failedChecks: ['ENV DPP_RC_RUNNER'],
  };
}

function signer(
  how: string,
  write: (pilot: FaultPilot, file: string) => Promise<unknown>,
  says: readonly [string, string],
  failedChecks: readonly string[] = ['ENV signer of the attestation'],
): FaultCase {
  return {
    what: '`CUTOVER_SIGN_WITH`',
    how,
    inject: async (pilot) => {
      const file = join(pilot.home, 'signer.pem');
      await write(pilot, file);
      pilot.setVariable('CUTOVER_SIGN_WITH', file);
    },
    mend: (pilot) => rm(join(pilot.home, 'signer.pem'), { force: true }),
    says,
    failedChecks,
  };
}

/** A key that signs, and an authority that does not stamp. */
function authority(how: string, spoil: (tsa: RunningTsa) => unknown, says: readonly [string, string]): FaultCase {
  return {
    what: '`CUTOVER_TSA_URL`',
    how,
    inject: async (pilot) => {
      const key = join(pilot.home, 'signer.pem');
      await closed(pilot, key, generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string);
      const tsa = await startTsa();
      await spoil(tsa);
      pilot.setVariable('CUTOVER_SIGN_WITH', key);
      pilot.setVariable('CUTOVER_TSA_URL', tsa.url);
      pilot.stopWithSite(tsa);
    },
    mend: (pilot) => rm(join(pilot.home, 'signer.pem')),
    says,
    failedChecks: ['ENV timestamp authority'],
  };
}

async function closed(pilot: FaultPilot, file: string, text: string): Promise<void> {
  await pilot.write(file, text);
  await chmod(file, 0o600);
}

function encryptedKey(): string {
  const encoding = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' } as const;
  return generateKeyPairSync('ed25519').privateKey.export(encoding) as string;
}

export const ENVIRONMENT_STAGING: FaultGroup = {
  title: 'Required ENV: staging, RC runner and scripts',
  stage: 'preflight',
  cases: [
    stagingUrl(undefined, 'is not set', { says: ['is not set', 'Export DPP_STAGING_BASE_URL'] }),
    stagingUrl('', 'is not set', { says: ['is not set', 'Export DPP_STAGING_BASE_URL'] }),
    stagingUrl('   ', 'is blank', { says: ['is blank ("   ")', 'Export DPP_STAGING_BASE_URL'] }),
    stagingUrl('staging.api.dpp.example.com', '"staging.api.dpp.example.com" is not a URL'),
    stagingUrl('ftp://staging.example.com', '"ftp://staging.example.com" is not http or https'),
    stagingUrl('https://user:s3cretpw@staging.example.com', 'the URL holds credentials (not shown here)', {
      how: 'a URL with credentials in it',
      hides: 's3cretpw',
    }),
    stagingUrl('https://staging.example.com/?tenant=1', 'has a query, a fragment or white space', {
      says: ['"https://staging.example.com/?tenant=1" has a query, a fragment or white space', URL_ADVICE],
    }),
    stagingUrl('https://api.prod.example.com', '"https://api.prod.example.com" refers to production ("prod")'),
    namespace('dpp-prod', '"dpp-prod" refers to production ("prod")'),
    namespace('DPP_Staging', '"DPP_Staging" is not the name of a namespace'),
    namespace('dpp-staging --context=x', '"dpp-staging --context=x" is not the name of a namespace'),
    ...programs('DPP_RC_RUNNER'),
    runnerOfTheRepository('deleted, and none is named', (pilot) => pilot.git('rm', '--quiet', RUNNER), [
      `DPP_RC_RUNNER: is not set, and none of ${RUNNER}, dpp/tools/phase6_preflight.py exists in `,
      'Run this in the repository, or set DPP_RC_RUNNER to the runner of the RC gates',
    ]),
    runnerOfTheRepository('not executable', (pilot) => chmod(join(pilot.repository, RUNNER), 0o644), [
      `/${RUNNER} is not executable`,
      'Run chmod +x',
    ]),
    ...programs('CUTOVER_STAGING_DRY_RUN_SCRIPT'),
    ...programs('CUTOVER_ROLLBACK_DRILL_SCRIPT'),
    signer(
      'no file',
      () => Promise.resolve(),
      ['/signer.pem does not exist, or is not a file', 'Name the key that signs'],
      ['ENV signer of the attestation', 'ENV CUTOVER_SIGN_WITH'],
    ),
    signer('a file that is no key', (pilot, file) => pilot.write(file, 'no key\n'), ['others may read it', 'Run chmod 600']),
    signer('a file that is no key, closed to others', (pilot, file) => closed(pilot, file, 'no key\n'), [
      'it is no private key that can be read',
      'Name an unencrypted PKCS #8 key',
    ]),
    signer('a key with a passphrase', (pilot, file) => closed(pilot, file, encryptedKey()), [
      'it is no private key that can be read',
      'Name an unencrypted PKCS #8 key',
    ]),
    variable({
      name: 'CUTOVER_TSA_URL',
      value: 'https://tsa.example.com/tsr',
      how: 'set, and no key to sign with',
      says: ['is set, but CUTOVER_SIGN_WITH is not: there is no signature to stamp', 'Name the key that signs'],
      failedChecks: ['ENV timestamp authority', 'ENV CUTOVER_TSA_URL'],
    }),
    authority('an authority that is out of order', (tsa) => tsa.lie('500'), [
      'TSA_UNAVAILABLE: The timestamp authority (CUTOVER_TSA_URL), http://127.0.0.1:',
      'answered with 500, text/plain; expected 200, application/timestamp-reply',
    ]),
    authority('an authority that rejects what it is asked', (tsa) => tsa.lie('a rejection'), [
      'TIMESTAMP_INVALID: The timestamp authority (CUTOVER_TSA_URL), http://127.0.0.1:',
      'it was not granted: status 2',
    ]),
  ],
};
