import { generateKeyPairSync } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { attest } from '../../src/actors/attest.js';
import { openSigningKey } from '../../src/actors/attestation/signing-key.js';
import { signatureFault } from '../../src/actors/attestation/verify-signature.js';
import type { Signer } from '../../src/config/step-contracts.js';
import { parseEnvelope, preAuthEncoding } from '../../src/evidence/attestation/envelope.js';
import { parseStatement } from '../../src/evidence/attestation/statement.js';
import { checkTimestamp } from '../../src/evidence/attestation/timestamp.js';
import { startTsa, type RunningTsa } from '../services/tsa/start.js';
import { attested, failure, sealingRun, settings, type SealingRun } from './sealing-context.js';

const ARCHIVE = { sha256: 'a'.repeat(64), md5: '', size: 7, files: 1, chainHead: 'b'.repeat(64) };
const FINAL = { seq: 9, hash: 'c'.repeat(64) };
const FILES = [{ name: '60_evidence_seal_manifest.json', sha256: 'd'.repeat(64) }];

let run: SealingRun;
beforeEach(async () => {
  run = await sealingRun(process.env);
});
afterEach(() => run.end());

const file = () => join(run.directory, '65_attestation.dsse.json');
const envelope = async () => parseEnvelope(await readFile(file(), 'utf8'));

/** ECDSA: no two signatures are the same. */
async function newKey(): Promise<{ readonly path: string; readonly signer: Signer }> {
  const path = join(run.directory, '..', 'signer.pem');
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await writeFile(path, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  return { path, signer: (await openSigningKey(path, run.context())).signer };
}

interface Key {
  readonly path: string | null;
  readonly signer: Signer | null;
}

async function attestWith({ path, signer }: Key, tsaUrl: string | null = null) {
  const input = { attested: attested(ARCHIVE), signer, settings: settings({ signWith: path, tsaUrl }) };
  return attest(run.context(), input, FINAL, FILES);
}

describe('the attestation', () => {
  test('says what was sealed, and is signed with the key of the run', async () => {
    const key = await newKey();
    await attestWith(key);
    const found = await envelope();
    expect(parseStatement(found.payload).predicate).toMatchObject({ verdict: 'PASS', chain: { final: FINAL }, files: FILES });
    const [signature] = found.signatures;
    expect(signature?.keyId).toBe(key.signer.keyId);
    expect(
      await signatureFault(key.signer, preAuthEncoding(found), signature?.signature ?? Buffer.of(), run.context()),
    ).toBeNull();
  });

  test('never goes out unsigned where the run has a signer', async () => {
    const { signer } = await newKey();
    await expect(attestWith({ path: null, signer })).rejects.toThrow(`the run has the signer ${signer.keyId}, but no key`);
  });

  test('has no signature where the run has no key', async () => {
    await attestWith({ path: null, signer: null });
    expect((await envelope()).signatures).toEqual([]);
  });

  test('stays as it is when it is made again: it may be locked, and a new signature would be another one', async () => {
    const key = await newKey();
    await attestWith(key);
    const before = await readFile(file(), 'utf8');
    await attestWith(key);
    expect(await readFile(file(), 'utf8')).toBe(before);
  });

  test.each([
    ['says something else', (text: string) => text.replace(/"payload": "../, '"payload": "AA')],
    ['is under another type', (text: string) => text.replace('vnd.in-toto+json', 'json')],
    ['is not signed', (text: string) => text.replace(/"signatures": \[[^]*\]/, '"signatures": []')],
    ['has a signature that is not right', (text: string) => text.replace(/"sig": "...../, '"sig": "AAAAA')],
    ['cannot be read', () => '{'],
  ])('is written anew when what is there %s', async (_what, change) => {
    const key = await newKey();
    await attestWith(key);
    const before = await readFile(file(), 'utf8');
    const changed = change(before);
    expect(changed).not.toBe(before);
    await writeFile(file(), changed);
    await attestWith(key);
    const found = await envelope();
    expect(found.payload).toBe(parseEnvelope(before).payload);
    expect(
      await signatureFault(key.signer, preAuthEncoding(found), found.signatures[0]?.signature ?? Buffer.of(), run.context()),
    ).toBeNull();
  });

  test('is not signed with another key than the run was started with', async () => {
    const { signer } = await newKey();
    const other = await newKey();
    const { code, message } = await failure(attestWith({ ...other, signer }));
    expect(code).toBe('SIGNER_CHANGED');
    expect(message).toContain(`is the key ${other.signer.keyId}, but this run was started with ${signer.keyId}`);
  });
});

describe('the timestamp of the attestation', () => {
  const stampFile = () => join(run.directory, '65_attestation.tsr');
  const signature = async () => (await envelope()).signatures[0]?.signature ?? Buffer.of();

  let tsa: RunningTsa;
  beforeAll(async () => {
    tsa = await startTsa();
  });
  afterEach(() => tsa.lie(null));
  afterAll(() => tsa.stop());

  test('is one of its signature, and is locked after it', async () => {
    expect(await attestWith(await newKey(), tsa.url)).toEqual(['65_attestation.dsse.json', '65_attestation.tsr']);
    const { authority } = await checkTimestamp(await readFile(stampFile()), await signature());
    expect(authority).toBe('O=Stand-in, CN=TSA good');
  });

  test('is not asked for where the run has no authority', async () => {
    const before = tsa.requests();
    expect(await attestWith(await newKey())).toEqual(['65_attestation.dsse.json']);
    expect(tsa.requests()).toBe(before);
  });

  test('stays as it is when it is made again: it may be locked, and no two are the same', async () => {
    const key = await newKey();
    await attestWith(key, tsa.url);
    const before = await readFile(stampFile());
    tsa.lie('500');
    await attestWith(key, tsa.url);
    expect((await readFile(stampFile())).equals(before)).toBe(true);
  });

  test('is asked for anew when what is there is none of this signature', async () => {
    const key = await newKey();
    await attestWith(key, tsa.url);
    await writeFile(file(), '{');
    await attestWith(key, tsa.url);
    await expect(checkTimestamp(await readFile(stampFile()), await signature())).resolves.toBeTruthy();
  });

  test('that the authority does not give leaves the signature, which the next attempt keeps', async () => {
    const key = await newKey();
    tsa.lie('500');
    expect(await failure(attestWith(key, tsa.url))).toMatchObject({ code: 'TSA_UNAVAILABLE', transient: true });
    const before = await readFile(file(), 'utf8');
    tsa.lie(null);
    await attestWith(key, tsa.url);
    expect(await readFile(file(), 'utf8')).toBe(before);
    await expect(checkTimestamp(await readFile(stampFile()), await signature())).resolves.toBeTruthy();
  });
});
