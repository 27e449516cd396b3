import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { appendFile, cp, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTsa } from '../services/tsa/start.js';
import { finished, Pilot, until } from './pilot.js';

const exec = promisify(execFile);

/** Further runs of the same commit. */
const AGAIN = ['start', '--again', '--reason', 'another one to be verified'];

interface Document {
  readonly run: string | null;
  readonly verified: boolean;
  readonly checks: readonly { artefact: string; check: string; ok: boolean; expected: string; found: string }[];
}

describe('cutover verify', () => {
  let pilot: Pilot;
  let directory: string;
  const file = (name: string) => join(directory, name);
  const noDatabase = () => ['--db', join(pilot.directory, 'absent', 'cutover.db')];
  const keyFile = () => join(pilot.directory, 'signer.pem');
  const signed = () => ({ CUTOVER_SIGN_WITH: keyFile() });
  const newKey = async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    await writeFile(keyFile(), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    await writeFile(`${keyFile()}.pub`, publicKey.export({ type: 'spki', format: 'pem' }));
  };
  const failures = ({ checks }: Document) => checks.filter(({ ok }) => !ok);

  beforeAll(async () => {
    pilot = await Pilot.create({ warm: true });
    await newKey();
    expect(await pilot.cutover(['start'], { env: signed() })).toMatchObject({ exitCode: 2 });
    expect(await pilot.cutover(['verify', 'latest'])).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining('NOT VERIFIED'),
    });
    await pilot.verify();
    const key = await readFile(keyFile());
    await newKey();
    expect(await pilot.cutover(['resume', 'latest'], { env: signed() })).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/was started: signerKeyId\. Nothing was done/),
    });
    await writeFile(keyFile(), key);
    const publicKey = createPublicKey(key).export({ type: 'spki', format: 'pem' });
    await writeFile(`${keyFile()}.pub`, publicKey);
    expect(await pilot.cutover(['resume', 'latest'], { env: signed() })).toMatchObject({ exitCode: 0 });
    directory = await pilot.runDirectory();
  }, 120_000);
  afterAll(() => pilot.dispose());

  test('a sealed run is verified, one line a check with both values, and then the verdict', async () => {
    const { exitCode, stdout, stderr } = await pilot.cutover(['verify', 'latest']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const [head = '', ...lines] = stdout.trimEnd().split('\n');
    expect(head).toMatch(/^RESULT +ARTEFACT +CHECK +EXPECTED +FOUND$/);
    expect(lines.pop()).toMatch(/^VERIFIED: run \S+, \/\S+: \d+ checks$/);
    expect(lines.pop()).toBe('');
    expect(lines.length).toBeGreaterThan(15);
    for (const line of lines) expect(line).toMatch(/^ok {2}/);
    const sha256 = JSON.parse(await readFile(file('60_evidence_seal_manifest.json'), 'utf8')).sha256 as string;
    expect(lines.filter((line) => new RegExp(`${sha256} +${sha256}`).test(line))).toHaveLength(2);
  });

  test('a directory, also by a relative path or a link, and an archive are verified without a database', async () => {
    const link = join(pilot.directory, 'link-to-the-run');
    await symlink(directory, link);
    for (const path of [directory, `dpp/evidence/phase6_4_cutover/${directory.slice(-16)}/`, link, file('evidence.tar.gz')]) {
      expect(await pilot.cutover(['verify', path, ...noDatabase()])).toMatchObject({
        exitCode: 0,
        stdout: expect.stringMatching(/^VERIFIED: /m),
      });
    }
  });

  test('it writes nothing: neither into the evidence, nor beside it', async () => {
    const { repository } = pilot.site;
    const files = async () =>
      (await exec('find', [repository, '-path', '*/.cutover', '-prune', '-o', '-printf', '%P %s %T@\n'])).stdout;
    const before = await files();
    for (const path of ['latest', directory, file('evidence.tar.gz')]) await pilot.cutover(['verify', path]);
    expect(await files()).toBe(before);
    await pilot.cutover(['verify', directory, ...noDatabase()]);
    expect(existsSync(join(pilot.directory, 'absent'))).toBe(false);
  });

  test('the signature is verified with the key that somebody knows to be the signer, and is wrong for any other', async () => {
    expect(await pilot.cutover(['verify', directory, '--key', `${keyFile()}.pub`, ...noDatabase()])).toMatchObject({
      exitCode: 0,
    });
    const other = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' });
    await writeFile(join(pilot.directory, 'other.pub'), other);
    const document = await pilot.json<Document>(['verify', directory, '--key', join(pilot.directory, 'other.pub')]);
    expect(failures(document)).toMatchObject([
      { artefact: '65_attestation.dsse.json', check: 'its signature, by the given key' },
    ]);
  });

  test('--json gives one document', async () => {
    const document = await pilot.json<Document>(['verify', directory]);
    expect(document).toMatchObject({ run: directory.slice(-16), verified: true });
    expect(document.checks).toContainEqual({
      artefact: '58_history.ndjson',
      check: 'last transition, as in the manifest',
      ok: true,
      expected: '10',
      found: '10',
    });
  });

  test('an archive without a manifest fails the checks that need it, by name, unless one is given', async () => {
    const away = join(pilot.directory, 'away');
    await mkdir(away);
    await cp(file('evidence.tar.gz'), join(away, 'archive.tgz'));
    const archive = join(away, 'archive.tgz');
    const manifest = file('60_evidence_seal_manifest.json');
    const document = await pilot.json<Document>(['verify', archive]);
    expect(document.verified).toBe(false);
    for (const { check, expected, found } of failures(document)) {
      expect([check, expected + found]).toEqual([check, expect.stringContaining('60_evidence_seal_manifest.json is missing')]);
    }
    expect(failures(document).map(({ check }) => check)).toEqual([
      'follows its schema',
      'size in bytes, as in the manifest',
      'SHA-256, as in the manifest',
      'last transition, as in the manifest',
      'hash of the last transition, as in the manifest',
      'what the last transition sealed, as in the manifest',
      'run',
    ]);
    expect(await pilot.cutover(['verify', archive, '--manifest', manifest, ...noDatabase()])).toMatchObject({ exitCode: 0 });
    await symlink('/dev/null', join(away, 'evidence.tar.gz.sha256'));
    const odd = await pilot.json<Document>(['verify', archive, '--manifest', manifest]);
    expect(failures(odd)).toMatchObject([
      { artefact: 'evidence.tar.gz.sha256', found: expect.stringContaining('a symbolic link') },
    ]);
    await rm(join(away, 'evidence.tar.gz.sha256'));
    await symlink(archive, join(away, 'link'));
    expect(await pilot.cutover(['verify', join(away, 'link'), '--manifest', manifest])).toMatchObject({ exitCode: 0 });
  });

  test('evidence that was changed is not verified: exit code 1, and the line says what was expected and what was found', async () => {
    const summary = await readFile(file('90_result_summary.txt'), 'utf8');
    await writeFile(file('90_result_summary.txt'), summary.replace('Git HEAD:     ', 'Git HEAD:     beef'));
    try {
      const { exitCode, stdout, stderr } = await pilot.cutover(['verify', 'latest']);
      expect([exitCode, stderr]).toEqual([1, expect.stringContaining('compare each file named above with its locked copy')]);
      expect(stdout).toMatch(
        /^FAIL +90_result_summary\.txt +each line as the recorded facts say +line 5: Git HEAD: +[0-9a-f]{40} +line 5: Git HEAD: +beef[0-9a-f]{40}$/m,
      );
      expect(stdout).toMatch(/^FAIL +90_result_summary\.txt +SHA-256, as attested /m);
      expect(stdout).toMatch(/^NOT VERIFIED: run \S+, \S+: 2 of \d+ checks failed$/m);
    } finally {
      await writeFile(file('90_result_summary.txt'), summary);
    }
  });

  test('a name in the archive cannot move the cursor or forge a line', async () => {
    const name = 'x\u001b[2J\nok  forged';
    await writeFile(file(name), 'x');
    try {
      const { stdout } = await pilot.cutover(['verify', directory]);
      expect(stdout).not.toContain('\u001b');
      expect(stdout).not.toMatch(/^ok {2}forged/m);
    } finally {
      await rm(file(name));
    }
  });

  test.each([
    [['no/such/directory'], 'There is nothing at "no/such/directory"'],
    [['absent.tar.gz'], 'There is nothing at "absent.tar.gz"'],
    [['1999'], 'No run begins with "1999"'],
    [[''], 'names none'],
    [['.', '--manifest', 'x'], '--manifest is for an archive'],
    [['package.json', '--manifest', 'absent'], 'which is no file'],
    [['latest', '--key', 'absent'], '--key cannot be read: '],
    [['latest', '--tsa-ca', 'absent'], '--tsa-ca cannot be read: '],
    [['latest', '--tsa-ca', 'package.json'], 'which holds no certificate'],
    [['latest', '--key', 'package.json'], 'which holds no public key'],
    [[], 'missing required argument'],
  ])('%j is a usage error', async (args, message) => {
    await writeFile(join(pilot.site.repository, 'package.json'), '{}');
    const { exitCode, stderr } = await pilot.cutover(['verify', ...args]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 64, stderr: expect.stringContaining(message) });
    await rm(join(pilot.site.repository, 'package.json'));
  });

  test('a run with a timestamp authority is stamped: when and by whom, which its own root proves, and no other', async () => {
    const [tsa, other] = await Promise.all([startTsa(), startTsa('Other')]);
    try {
      expect(await pilot.cutover([...AGAIN, '--tsa', tsa.url], { env: signed() })).toMatchObject({ exitCode: 2 });
      await pilot.verify();
      tsa.lie('500');
      const before = tsa.requests();
      const ended = finished(pilot.spawn(['resume', 'latest'], { env: signed() }));
      await until('the authority was asked', () => tsa.requests() > before);
      tsa.lie(null);
      expect(await ended).toMatchObject({ exitCode: 0 });
      const summary = await readFile(join(await pilot.runDirectory(), '90_result_summary.txt'), 'utf8');
      expect(summary).toContain(`, timestamped by ${tsa.url})`);
      const about = ({ checks }: Document) => checks.filter(({ artefact }) => artefact === '65_attestation.tsr');
      const stamp = { ok: true, expected: `by ${tsa.url}`, found: expect.stringMatching(/Z by O=Stand-in, CN=TSA good$/) };
      const online = ['--online', '--bucket', 'dpp-audit-worm-demo'];
      const unproven = await pilot.json<Document>(['verify', 'latest', ...online]);
      expect([unproven.verified, failures(unproven)]).toEqual([true, []]);
      expect(about(unproven).slice(0, 2)).toMatchObject([stamp, { ok: true, unproven: true }]);
      expect(about(unproven).map(({ check }) => check)).toContain('in the bucket, the same bytes as here');
      const proven = await pilot.json<Document>(['verify', 'latest', '--tsa-ca', tsa.caFile]);
      expect(proven.verified).toBe(true);
      expect(about(proven)).toMatchObject([stamp, { ok: true, found: expect.stringContaining('CN=TSA good, valid at ') }]);
      const wrong = await pilot.json<Document>(['verify', 'latest', '--tsa-ca', other.caFile]);
      expect(failures(wrong)).toMatchObject([{ artefact: '65_attestation.tsr', check: "the timestamp authority's certificate" }]);
      expect(await pilot.cutover(['verify', directory, '--tsa-ca', tsa.caFile])).toMatchObject({ exitCode: 1 });
    } finally {
      await Promise.all([tsa.stop(), other.stop()]);
    }
  }, 60_000);

  test('a run whose upload was killed, and its archive changed meanwhile, is verified once it went on, with what it kept of both', async () => {
    expect(await pilot.cutover(AGAIN)).toMatchObject({ exitCode: 2 });
    await pilot.verify();
    pilot.site.s3.control({ faults: [{ operation: 'UploadPart', hang: true }] });
    const driver = pilot.spawn(['resume', 'latest']);
    const ended = finished(driver);
    let said = '';
    driver.stderr?.on('data', (text: string) => (said += text));
    await until('the PUT is under way', () => said.includes('Upload begun'));
    driver.kill('SIGKILL');
    await ended;
    pilot.site.s3.control({ clearFaults: true });
    await appendFile(join(await pilot.runDirectory(), 'evidence.tar.gz'), 'x');
    expect(await pilot.cutover(['resume', 'latest'])).toMatchObject({ exitCode: 0 });
    const { verified, checks } = await pilot.json<Document>(['verify', 'latest']);
    expect([verified, checks.filter(({ ok }) => !ok)]).toEqual([true, []]);
    expect(checks.map(({ artefact }) => artefact)).toContainEqual(expect.stringMatching(/^evidence\.tar\.gz\.changed-/));
    expect(checks).toContainEqual(
      expect.objectContaining({
        artefact: '70_worm_upload_stdout.attempt-1.txt',
        ok: true,
        expected: 'not on record: an attempt was interrupted',
        unproven: true,
      }),
    );
    const { stdout } = await pilot.cutover(['verify', 'latest']);
    expect(stdout).toMatch(/^unproven +70_worm_upload_stdout\.attempt-1\.txt /m);
    expect(stdout).toMatch(/^VERIFIED: run .*: \d+ checks, 2 of them unproven$/m);
  }, 60_000);

  test('a run that was sealed as failed is verified as that; under another name its directory is not', async () => {
    expect(await pilot.cutover(AGAIN)).toMatchObject({ exitCode: 2 });
    await pilot.cutover(['abandon', 'latest', '--reason', 'the window closed']);
    expect(await pilot.cutover(['seal', 'latest', '--verdict', 'FAIL', '--reason', 'for the review'])).toMatchObject({
      exitCode: 0,
    });
    const { verified, checks } = await pilot.json<Document>(['verify', 'latest']);
    expect([verified, checks.filter(({ ok }) => !ok)]).toEqual([true, []]);
    const other = join(pilot.evidenceRoot, '20200101T000000Z');
    await rename(await pilot.runDirectory(), other);
    const renamed = await pilot.json<Document>(['verify', other]);
    expect(failures(renamed).map(({ check }) => check)).toEqual(['its name is the run']);
  }, 60_000);
});
