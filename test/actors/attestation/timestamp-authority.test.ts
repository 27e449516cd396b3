import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { askForTimestamp } from '../../../src/actors/attestation/timestamp-authority.js';
import { certificatesIn } from '../../../src/evidence/attestation/authorities.js';
import { checkTimestamp } from '../../../src/evidence/attestation/timestamp.js';
import { startTsa, type Lie, type RunningTsa } from '../../services/tsa/start.js';
import { failure } from '../sealing-context.js';

const exec = promisify(execFile);
const DATA = Buffer.from('a signature');
const signal = new AbortController().signal;

let tsa: RunningTsa;
let other: RunningTsa;
beforeAll(async () => {
  [tsa, other] = await Promise.all([startTsa(), startTsa('Other')]);
});
afterEach(() => tsa.lie(null));
afterAll(() => Promise.all([tsa.stop(), other.stop()]));

const rootOf = async ({ caFile }: RunningTsa) => certificatesIn(await readFile(caFile, 'utf8')) ?? [];

describe('a timestamp', () => {
  test('is of the data, says when and by whom, and openssl verifies it too', async () => {
    const before = Date.now();
    const { response, timestamp } = await askForTimestamp(tsa.url, DATA, signal);
    expect(timestamp.authority).toBe('O=Stand-in, CN=TSA good');
    expect(Math.abs(Date.parse(timestamp.at) - before)).toBeLessThan(10_000);
    const [data, file] = ['data', 'response.tsr'].map((name) => join(dirname(tsa.caFile), name)) as [string, string];
    await writeFile(data, DATA);
    await writeFile(file, response);
    const { stdout, stderr } = await exec('openssl', ['ts', '-verify', '-in', file, '-data', data, '-CAfile', tsa.caFile]);
    expect(stdout + stderr).toContain('Verification: OK');
  });

  test('leads to the root of its authority, and to no other', async () => {
    const { response } = await askForTimestamp(tsa.url, DATA, signal);
    await expect(checkTimestamp(response, DATA, { authorities: await rootOf(tsa) })).resolves.toBeTruthy();
    await expect(checkTimestamp(response, DATA, { authorities: await rootOf(other) })).rejects.toThrow(
      "Validation of signer's certificate failed",
    );
  });

  test('is of nothing else, and of it as a whole', async () => {
    const { response } = await askForTimestamp(tsa.url, DATA, signal);
    await expect(checkTimestamp(response, Buffer.from('another signature'))).rejects.toThrow('it is about something else');
    await expect(checkTimestamp(Buffer.concat([response, Buffer.of(0)]), DATA)).rejects.toThrow('not one response in DER');
    await expect(checkTimestamp(response.subarray(0, -1), DATA)).rejects.toThrow('not one response in DER');
    const withoutTime = Buffer.from(response);
    withoutTime.write('x', response.lastIndexOf(`${new Date().getUTCFullYear()}`));
    await expect(checkTimestamp(withoutTime, DATA)).rejects.toMatchObject({ code: 'TIMESTAMP_INVALID' });
    await expect(checkTimestamp(Buffer.of(), DATA)).rejects.toMatchObject({ code: 'TIMESTAMP_INVALID' });
  });

  test.each<[Lie, string, string]>([
    ['another nonce', 'TIMESTAMP_INVALID', 'its nonce is not the one sent'],
    ['another imprint', 'TIMESTAMP_INVALID', 'it is about something else: its imprint is '],
    ['no certificate', 'TIMESTAMP_INVALID', 'No certificates attached'],
    ['an expired certificate', 'TIMESTAMP_INVALID', 'the certificate of O=Stand-in, CN=TSA expired is valid from '],
    ['no key usage', 'TIMESTAMP_INVALID', 'is not one for timestamps'],
    ['a certificate that it does not name', 'TIMESTAMP_INVALID', 'it does not name the certificate of '],
    ['a signature over SHA-1', 'TIMESTAMP_INVALID', 'its digest, 1.3.14.3.2.26, is none of SHA-2'],
    ['a wrong signature', 'TIMESTAMP_INVALID', 'its signature is not right'],
    ['a rejection', 'TIMESTAMP_INVALID', 'it was not granted: status 2'],
    ['garbage', 'TIMESTAMP_INVALID', 'it is not '],
    ['another content type', 'TSA_REFUSED', '200, text/html; expected 200, application/timestamp-reply'],
    ['a redirect', 'TSA_REFUSED', '302, text/html; expected 200'],
  ])('is none when the authority answers with %s', async (lie, code, message) => {
    tsa.lie(lie);
    const error = await failure(askForTimestamp(tsa.url, DATA, signal));
    expect(error).toMatchObject({ code, message: expect.stringContaining(message), transient: false });
    expect(error.message).toContain(`The timestamp authority (CUTOVER_TSA_URL), ${tsa.url}, answered with `);
  });

  test.each<[string, Lie | null, string]>([
    ['is out of order', '500', 'answered with 500'],
    ['does not answer', 'hang', 'gave no complete answer within 0.2 s'],
  ])('may be had a moment later when the authority %s', async (_what, lie, message) => {
    tsa.lie(lie);
    const error = await failure(askForTimestamp(tsa.url, DATA, signal, 200));
    expect(error).toMatchObject({ code: 'TSA_UNAVAILABLE', message: expect.stringContaining(message), transient: true });
  });

  test('may be had a moment later when nobody is there', async () => {
    const gone = await startTsa();
    await gone.stop();
    const error = await failure(askForTimestamp(gone.url, DATA, signal));
    expect(error).toMatchObject({ code: 'TSA_UNAVAILABLE', message: expect.stringContaining('ECONNREFUSED'), transient: true });
  });

  test('is not waited for when the step is stopped', async () => {
    tsa.lie('hang');
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error('stopped')), 20);
    await expect(askForTimestamp(tsa.url, DATA, stop.signal)).rejects.toThrow('stopped');
  });
});
