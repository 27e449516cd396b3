import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { parseEnvelope } from '../../../src/evidence/attestation/envelope.js';
import { EVIDENCE } from '../../../src/evidence/layout.js';
import type { VerifyCheck } from '../../../src/evidence/verify/check.js';
import { verifyEvidence, type EvidenceToVerify } from '../../../src/evidence/verify/verify-evidence.js';
import { attemptFailure, driftedWorld, RUN } from '../../machine/pilot-facts.js';
import { envelopeText, hex, SealedRun, SHOTS, SIGNER, testKey, verifyWith, type SealedRunOptions } from './sealed-run.js';

let run: SealedRun;
afterEach(() => run.dispose());

async function sealed(options: SealedRunOptions = {}): Promise<SealedRun> {
  run = await SealedRun.create(options);
  return run;
}

async function verify(evidence: EvidenceToVerify = run.toVerify, using = verifyWith()) {
  const verification = await verifyEvidence(evidence, using, new AbortController().signal);
  return { ...verification, failures: verification.checks.filter(({ ok }) => !ok) };
}

const LOG = 'the upload was refused\n';
const refused = {
  type: 'xstate.error.actor.sealing.uploading',
  error: attemptFailure('S3_UNAVAILABLE', true),
  attempt: 1,
  logs: [{ file: EVIDENCE.uploadLog, sha256: hex(LOG), size: LOG.length }],
};
const EARLIER = '70_worm_upload_stdout.attempt-1.txt';

describe('a directory is verified', () => {
  test('with both values of each check', async () => {
    await sealed();
    const { verified, runId, checks } = await verify();
    expect([verified, runId]).toEqual([true, RUN]);
    for (const { expected, found } of checks) expect(found).toBe(expected);
    expect(checks.map(({ artefact, what }) => `${artefact}: ${what}`)).toEqual([
      '60_evidence_seal_manifest.json: follows its schema',
      'evidence.tar.gz: size in bytes, as in the manifest',
      'evidence.tar.gz: SHA-256, as in the manifest',
      'evidence.tar.gz.sha256: SHA-256 of the archive',
      'evidence.tar.gz: a gzip-compressed tar of plain files in order',
      '59_index.sha256: each file as in 59_index.sha256',
      '58_history.ndjson: a hash chain from the genesis of the run on',
      '58_history.ndjson: last transition, as in the manifest',
      '58_history.ndjson: hash of the last transition, as in the manifest',
      '58_history.ndjson: what the last transition sealed, as in the manifest',
      '58_history.ndjson: each file as it was signed',
      '58_history.ndjson: the policy, as it was frozen at the start',
      '58_history.ndjson: each signature after the sign-off, as it was given',
      '58_history.ndjson: the signatures that the policy wants',
      '58_history.ndjson: each signature, before the human gate expired',
      '(directory): its name is the run',
      '60_evidence_seal_manifest.json: run',
      '58_history.ndjson: run',
      '58_history.ndjson: run of the sign-off',
      '00_scope.txt: chain id, the genesis of the run',
      "80_history_after_seal.ndjson: a hash chain from the archive's last transition on",
      '80_history_after_seal.ndjson: what it froze, as the facts say',
      '60_evidence_seal_manifest.json: each line as recorded',
      '70_worm_upload_stdout.txt: SHA-256, as recorded',
      '90_result_summary.txt: each line as the recorded facts say',
      '65_attestation.dsse.json: a DSSE envelope with an in-toto statement',
      '65_attestation.dsse.json: each fact, as recorded',
      '65_attestation.dsse.json: SHA-256, as attested',
      '65_attestation.dsse.json: its signature, by the recorded key',
      '(directory): beside the archive, each file as in it',
    ]);
  });

  test('when a finding of the scan was accepted between the seal and the summary', async () => {
    const finding = { file: EVIDENCE.rcGates, line: 2, kind: 'jwt', sha256: hex('x') };
    await sealed({ afterSeal: [{ type: 'FINDING_ACCEPTED', reason: 'an example', ...finding }] });
    expect(await verify()).toMatchObject({ verified: true });
  });

  test('when the world drifted between the seal and the summary', async () => {
    await sealed({
      afterSeal: [{ type: 'DRIFT_ACCEPTED', reason: 'moved', facts: ['kubeServer'], world: driftedWorld }],
    });
    expect(await verify()).toMatchObject({ verified: true, failures: [] });
  });

  test('with the log of an earlier attempt at the upload, as that attempt recorded it', async () => {
    await sealed({ afterSeal: [refused], earlierLogs: { [EARLIER]: LOG } });
    expect(await verify()).toMatchObject({ verified: true, failures: [] });
    await writeFile(join(run.directory, EARLIER), `${LOG}x`);
    expect((await verify()).failures).toMatchObject([
      { artefact: EARLIER, expected: hex(LOG), found: hex(`${LOG}x`) },
      { artefact: EARLIER, expected: 'one that is on record', found: hex(`${LOG}x`) },
    ]);
  });

  test('with the log of an attempt that was interrupted, and says that nothing is on record of it', async () => {
    const interrupted = { type: 'RESUMED', interrupted: [{ step: 'sealing.uploading', attempt: 1 }] };
    await sealed({ afterSeal: [interrupted], earlierLogs: { [EARLIER]: LOG } });
    const { verified, checks } = await verify();
    expect(verified).toBe(true);
    expect(checks.find(({ artefact }) => artefact === EARLIER)).toMatchObject({
      expected: 'not on record: an attempt was interrupted',
      unproven: true,
    });
  });

  test('with an archive that was kept aside under its digest', async () => {
    await sealed();
    await writeFile(join(run.directory, `evidence.tar.gz.changed-${hex('x').slice(0, 12)}`), 'x');
    expect(await verify()).toMatchObject({ verified: true, failures: [] });
  });
});

describe('a directory is not verified', () => {
  test('when a file was signed with other bytes, or not at all, or is not there', async () => {
    await sealed({ signed: { [EVIDENCE.rcGates]: hex('other'), [SHOTS[1] ?? '']: null, '41_gone.txt': hex('gone') } });
    expect((await verify()).failures).toMatchObject([
      { artefact: EVIDENCE.rcGates, what: 'each file as it was signed', expected: hex('other') },
      { artefact: '41_gone.txt', what: 'each file as it was signed', expected: hex('gone'), found: 'not in the archive' },
      { artefact: SHOTS[1], what: 'each file as it was signed', expected: 'not signed', found: hex('keys: 117') },
    ]);
  });

  test('when its scope is of another chain, or names none', async () => {
    for (const scope of [`Chain id:      ${'0'.repeat(64)}\n`, 'no chain\n']) {
      await sealed({ files: { [EVIDENCE.scope]: scope } });
      expect((await verify()).failures).toMatchObject([{ artefact: EVIDENCE.scope, what: 'chain id, the genesis of the run' }]);
      if (scope.startsWith('C')) await run.dispose();
    }
  });

  test('when the facts cannot be derived, for whatever reason', async () => {
    await sealed();
    const derive = () => {
      throw new Error('no such version');
    };
    const { failures } = await verify(run.toVerify, { ...verifyWith(), derive });
    expect(failures.map(({ artefact }) => artefact)).toEqual([
      EVIDENCE.historyTail,
      EVIDENCE.manifest,
      EVIDENCE.uploadLog,
      EVIDENCE.summary,
      EVIDENCE.attestation,
      EVIDENCE.attestation,
    ]);
    for (const { expected } of failures) expect(expected).toBe('it cannot be derived from the history: no such version');
  });

  test('when it is empty: every check fails, and none is left out', async () => {
    await sealed();
    const names = (await run.evidence.list()).map(({ name }) => name);
    const before = (await verify()).checks.length;
    for (const name of names) await run.evidence.rename(name, `${name}.partial`);
    const { checks, failures } = await verify();
    // The names of a run and of its directory agree all the same.
    expect(checks.filter(({ ok }) => ok).map(({ what }) => what)).toEqual(['its name is the run']);
    expect(failures.length).toBeGreaterThanOrEqual(before - 2);
  });

  test('with more faults than can be read, it says how many more there are', async () => {
    await sealed();
    for (let number = 0; number < 60; number += 1) await run.evidence.write(`x-${number}`, '');
    const { failures } = await verify();
    expect(failures).toHaveLength(51);
    expect(failures.at(-1)).toMatchObject({ artefact: '(directory)', found: '10 more faults' });
  });
});

describe('an archive alone', () => {
  const alone = (changes: Partial<EvidenceToVerify> = {}): EvidenceToVerify => ({
    ...run.toVerify,
    directory: null,
    beside: null,
    archiveDigest: null,
    ...changes,
  });

  test('is verified against its manifest', async () => {
    await sealed();
    const { verified, runId, checks } = await verify(alone());
    expect([verified, runId]).toEqual([true, RUN]);
    expect([...new Set(checks.map(({ artefact }) => artefact))]).toEqual([
      EVIDENCE.manifest,
      EVIDENCE.archive,
      EVIDENCE.index,
      EVIDENCE.history,
      EVIDENCE.scope,
    ]);
  });

  test('is not verified without one, but all is checked that can be, of the run that its history names', async () => {
    await sealed();
    const manifest = { directory: run.evidence, name: 'absent.json' };
    const { verified, runId, failures, checks } = await verify(alone({ manifest }));
    expect([verified, runId]).toEqual([false, RUN]);
    for (const { expected, found } of failures) expect(`${expected} ${found}`).toContain('absent.json is missing');
    expect(checks.filter(({ ok }) => ok).map(({ what }) => what)).toEqual([
      'a gzip-compressed tar of plain files in order',
      'each file as in 59_index.sha256',
      'a hash chain from the genesis of the run on',
      'each file as it was signed',
      'the policy, as it was frozen at the start',
      'each signature after the sign-off, as it was given',
      'the signatures that the policy wants',
      'each signature, before the human gate expired',
      'run',
      'run of the sign-off',
      'chain id, the genesis of the run',
    ]);
  });
});

test('an archive with the files that were locked beside it is verified without those that are in it', async () => {
  await sealed();
  const { verified, checks } = await verify({ ...run.toVerify, directory: null });
  expect(verified).toBe(true);
  expect(checks.map(({ what }) => what)).toContain('its signature, by the recorded key');
  expect(checks.map(({ what }) => what)).not.toContain('beside the archive, each file as in it');
});

describe('the signature of the attestation', () => {
  const signature = (checks: readonly VerifyCheck[]) => checks.find(({ what }) => what.startsWith('its signature'));

  test('is verified with the key that the run recorded, or with the same one as somebody knows it', async () => {
    await sealed();
    const { keyId } = SIGNER.signer;
    expect(signature((await verify()).checks)).toMatchObject({ ok: true, expected: `key ${keyId}` });
    const known = await verify(run.toVerify, verifyWith(SIGNER.signer));
    expect([known.verified, signature(known.checks)?.expected]).toEqual([true, `key ${keyId}`]);
  });

  test('is of the wrong key when the signer that somebody knows is another one', async () => {
    await sealed();
    const { signer } = testKey();
    expect((await verify(run.toVerify, verifyWith(signer))).failures).toMatchObject([
      { what: 'its signature, by the given key', expected: `key ${signer.keyId}`, found: `recorded: key ${SIGNER.signer.keyId}` },
    ]);
  });

  test('is unproven where the run had no key, and wrong where somebody knows that it had one', async () => {
    await sealed({ key: null });
    const { verified, checks } = await verify();
    expect([verified, signature(checks)]).toMatchObject([true, { ok: true, unproven: true, found: 'not signed' }]);
    expect((await verify(run.toVerify, verifyWith(SIGNER.signer))).failures).toMatchObject([
      { what: 'its signature, by the given key', expected: `key ${SIGNER.signer.keyId}`, found: 'not signed' },
    ]);
  });

  test('is wrong where the run had no key, but somebody signed', async () => {
    await sealed({ key: null });
    const text = (await run.evidence.read(EVIDENCE.attestation)).toString();
    await run.evidence.write(EVIDENCE.attestation, envelopeText(parseEnvelope(text), SIGNER));
    expect((await verify()).failures).toMatchObject([
      { what: 'its signature, by the recorded key', expected: 'not signed: the run recorded no key', found: 'signed' },
    ]);
  });

  test('is wrong when it cannot be verified, and says why', async () => {
    await sealed();
    const fault = () => Promise.resolve('ssh-keygen cannot be run');
    expect((await verify(run.toVerify, { ...verifyWith(), keys: { trusted: null, fault } })).failures).toMatchObject([
      { what: 'its signature, by the recorded key', found: 'ssh-keygen cannot be run' },
    ]);
  });
});

describe('a run that was sealed as failed', () => {
  const foundBy = (checks: readonly VerifyCheck[], words: string) => checks.find(({ what }) => what === words)?.found;

  test('needs no sign-off', async () => {
    await sealed({ verdict: 'FAIL' });
    const { verified, checks } = await verify();
    expect([verified, foundBy(checks, 'each file as it was signed')]).toEqual([true, 'no sign-off counts']);
  });

  test('needs no scope when it ended before there was one', async () => {
    await sealed({ withoutScope: true });
    const { failures, checks } = await verify();
    expect([failures, foundBy(checks, 'chain id, the genesis of the run')]).toEqual([[], 'no scope was captured']);
  });
});

test('an interruption ends it with its reason', async () => {
  await sealed();
  const reason = new Error('Ctrl-C');
  await expect(verifyEvidence(run.toVerify, verifyWith(), AbortSignal.abort(reason))).rejects.toBe(reason);
});
