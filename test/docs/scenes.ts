import { generateKeyPairSync } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { execFile } from 'node:child_process';
import { finished, until, type Pilot } from '../e2e/pilot.js';

const run = promisify(execFile);
const PASSING = '  echo "[$gate] PASS"\n';
const FAILING = '  test "$gate" != RC-3 || { echo "[$gate] FAIL"; exit 1; }\n';
const RUNNER = 'dpp/tools/rc_double_then_ci_then_archive.sh';

/** What `<!-- scene: ... -->` in a document sets up before the commands below it: faults, and what happened meanwhile. */
export const SCENES: Readonly<Record<string, (pilot: Pilot) => Promise<void>>> = {
  'a run waits for the human': async (pilot) => expectExit(pilot, ['start'], 2),
  'a run has passed': async (pilot) => {
    await expectExit(pilot, ['start'], 2);
    await pilot.verify();
    await expectExit(pilot, ['resume', 'latest'], 0);
  },
  'a signed run has passed': (pilot) => signedRun(pilot),
  'an auditor has the export of a signed run': async (pilot) => {
    await signedRun(pilot);
    await unpackExport(pilot, 'audit');
  },
  'an auditor has the export of a run that was signed with OpenSSH keys': async (pilot) => {
    await runSignedByVerifier(pilot, await policyFile(pilot));
    await unpackExport(pilot, 'ssh-audit');
  },
  'the verifier has completed the checkpoint': (pilot) => pilot.verify(),
  'the examples are at hand': (pilot) => cp('examples', join(pilot.site.repository, 'examples'), { recursive: true }),
  'the staging URL is not set': (pilot) => Promise.resolve(setVariable(pilot, 'DPP_STAGING_BASE_URL', '')),
  'the staging URL is set again': (pilot) => Promise.resolve(setVariable(pilot, 'DPP_STAGING_BASE_URL', pilot.site.staging.url)),
  'an RC gate fails': (pilot) => changeRunner(pilot, (text) => text.replace(PASSING, `${FAILING}${PASSING}`)),
  'the RC gates pass again; staging is not ready': async (pilot) => {
    await changeRunner(pilot, (text) => text.replace(FAILING, ''));
    pilot.site.staging.control({ faults: [{ path: '/readyz', times: 'always', status: 503 }] });
  },
  'staging is ready again; the driver was killed during the RC gates': async (pilot) => {
    pilot.site.staging.control({ clearFaults: true });
    const before = await pilot.runIds();
    const driver = pilot.spawn(['start']);
    const ended = finished(driver);
    await until('the RC gates of a new run', async () => {
      const ids = await pilot.runIds();
      return ids.length > before.length && existsSync(join(await pilot.runDirectory(), '30_rc_gates.txt'));
    });
    driver.kill('SIGKILL');
    await ended;
  },
  'the driver of a new run hangs': async (pilot) => {
    await changeRunner(pilot, (text) => text.replace(PASSING, `${PASSING}  sleep 600\n`));
    const before = await pilot.runIds();
    const driver = pilot.spawn(['start']);
    await until('the RC gates of a new run', async () => {
      const ids = await pilot.runIds();
      return ids.length > before.length && existsSync(join(await pilot.runDirectory(), '30_rc_gates.txt'));
    });
    await pilot.stop(driver);
  },
  'S3 refuses the upload': (pilot) => Promise.resolve(pilot.site.s3.control({ deny: ['s3:PutObject'] })),
  'S3 allows the upload': (pilot) => Promise.resolve(pilot.site.s3.control({ deny: [] })),
  'the earlier release of dpp-worker does not get ready': (pilot) =>
    pilot.site.kubernetes.control({ stuck: ['dpp-worker'], timing: { progressDeadlineMs: 300 } }),
  'the cluster refuses to change dpp-worker when the drill is done': (pilot) =>
    pilot.site.kubernetes.control([
      { stuck: [] },
      {
        onRolloutOf: 'dpp-reaper',
        then: { fault: { do: 'status', status: 500, verb: 'patch', resource: 'deployments', name: 'dpp-worker' } },
      },
    ]),
  'the cluster changes dpp-worker again': (pilot) => pilot.site.kubernetes.control({ clearFaults: true }),
};

/** Signed with a new key. */
async function signedRun(pilot: Pilot): Promise<void> {
  const file = join(pilot.directory, 'signer.pem');
  await writeFile(file, generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  setVariable(pilot, 'CUTOVER_SIGN_WITH', file);
  const again = (await pilot.runIds()).length === 0 ? [] : ['--again', '--reason', 'with another key'];
  await expectExit(pilot, ['start', ...again], 2);
  await pilot.verify();
  await expectExit(pilot, ['resume', 'latest'], 0);
}

/** One that wants the verifier's key; that and the key of the attestation are made, too. Beside the repository: a worktree stays clean. */
async function policyFile(pilot: Pilot): Promise<string> {
  const at = (name: string) => join(pilot.directory, name);
  for (const name of ['signer', 'verifier']) await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at(name)]);
  const key = (await readFile(at('verifier.pub'), 'utf8')).split(' ').slice(0, 2).join(' ');
  await writeFile(at('allowed_signers'), `verifier@example.com namespaces="sign-off@cutover" ${key}\n`);
  const role = 'roles: { db-restore-verifier: { minimum_level: ssh-verified } }';
  await writeFile(at('policy.yaml'), `version: 1\nseparation: false\nallowed_signers: allowed_signers\n${role}\n`);
  return at('policy.yaml');
}

/** The verifier signs elsewhere, with ssh-keygen alone. */
async function runSignedByVerifier(pilot: Pilot, policy: string): Promise<void> {
  const at = (name: string) => join(pilot.directory, name);
  setVariable(pilot, 'CUTOVER_SIGN_WITH', at('signer'));
  await expectExit(pilot, ['start', '--policy', policy, '--again', '--reason', 'signed with keys'], 2);
  await pilot.verify();
  await expectExit(pilot, ['resume', 'latest'], 2);
  await expectExit(pilot, ['sign-off', 'latest', '--as', 'verifier@example.com', '--request', at('sign-off.json')], 0);
  await run('ssh-keygen', ['-Y', 'sign', '-q', '-f', at('verifier'), '-n', 'sign-off@cutover', at('sign-off.json')]);
  await expectExit(pilot, ['sign-off', 'latest', '--response', at('sign-off.json.sig'), '--and-resume'], 0);
  await expectExit(pilot, ['verify', 'latest'], 0);
}

/** Out of git's sight, so that the next run finds a clean worktree. */
async function unpackExport(pilot: Pilot, folder: string): Promise<void> {
  const { repository } = pilot.site;
  const file = join(pilot.directory, `${folder}.tar`);
  await expectExit(pilot, ['export', 'latest', '--output', file], 0);
  await mkdir(join(repository, folder));
  await writeFile(join(repository, folder, '.gitignore'), '*\n');
  await run('tar', ['-xf', file, '-C', join(repository, folder)]);
}

async function expectExit(pilot: Pilot, args: readonly string[], expected: number): Promise<void> {
  const { exitCode, stdout, stderr } = await pilot.cutover(args);
  if (exitCode !== expected) throw new Error(`cutover ${args.join(' ')} ended with ${exitCode}: ${stdout}${stderr}`);
}

function setVariable(pilot: Pilot, name: string, value: string): void {
  (pilot.site.env as Record<string, string>)[name] = value;
}

/** Committed, as a fix of a gate would be: the worktree of a cutover is clean. */
async function changeRunner(pilot: Pilot, change: (text: string) => string): Promise<void> {
  const file = join(pilot.site.repository, RUNNER);
  const before = await readFile(file, 'utf8');
  const after = change(before);
  if (after === before) throw new Error(`${RUNNER} was not changed: ${before}`);
  await writeFile(file, after);
  await chmod(file, 0o755);
  await run('git', ['commit', '--quiet', '--all', '--message', 'a change of the RC runner'], { cwd: pilot.site.repository });
}
