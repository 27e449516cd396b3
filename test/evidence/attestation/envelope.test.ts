import { createPublicKey } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { signatureFault } from '../../../src/actors/attestation/verify-signature.js';
import { unrecordedOwner } from '../../../src/actors/process/run-process.js';
import { envelopeJson, EnvelopeError, parseEnvelope, preAuthEncoding } from '../../../src/evidence/attestation/envelope.js';
import { pemSigner } from '../../../src/evidence/attestation/public-key.js';

/** The example of DSSE's protocol.md, "Test Vectors", with its key. */
const VECTOR = {
  text: JSON.stringify({
    payload: 'aGVsbG8gd29ybGQ=',
    payloadType: 'http://example.com/HelloWorld',
    signatures: [{ sig: 'A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA==' }],
  }),
  x: 46950820868899156662930047687818585632848591499744589407958293238635476079160n,
  y: 5640078356564379163099075877009565129882514886557779369047442380624545832820n,
};

describe('the public test vector of DSSE', () => {
  test('is read, encoded and verified', async () => {
    const envelope = parseEnvelope(VECTOR.text);
    expect(preAuthEncoding(envelope)).toBe('DSSEv1 29 http://example.com/HelloWorld 11 hello world');
    expect(await fault(preAuthEncoding(envelope))).toBeNull();
  });

  test('is not verified over another text', async () => {
    expect(await fault(preAuthEncoding({ ...parseEnvelope(VECTOR.text), payload: 'hello World' }))).toBe(
      'it is not a signature of this key over this attestation',
    );
  });

  test('may be written in URL-safe base64', () => {
    const urlSafe = parseEnvelope(VECTOR.text.replace('FnZ+O88', 'FnZ-O88').replace('3F+', '3F-'));
    expect(urlSafe).toEqual(parseEnvelope(VECTOR.text));
  });

  function fault(message: string) {
    const coordinate = (value: bigint) => Buffer.from(value.toString(16).padStart(64, '0'), 'hex').toString('base64url');
    const jwk = { kty: 'EC', crv: 'P-256', x: coordinate(VECTOR.x), y: coordinate(VECTOR.y) };
    const signer = pemSigner(createPublicKey({ key: jwk, format: 'jwk' }));
    const [signature] = parseEnvelope(VECTOR.text).signatures;
    const owner = unrecordedOwner(new AbortController().signal, process.env);
    return signatureFault(signer, message, signature?.signature ?? Buffer.alloc(0), owner);
  }
});

test('the encoding counts bytes, not characters', () => {
  expect(preAuthEncoding({ payloadType: 'ü', payload: '€' })).toBe('DSSEv1 2 ü 3 €');
});

test('whatever is put into an envelope is what is read from it', () => {
  const signature = fc.record({
    keyId: fc.string(),
    signature: fc.uint8Array({ minLength: 1, maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  });
  const anyEnvelope = fc.record({
    payloadType: fc.string({ minLength: 1 }),
    payload: fc.string({ unit: 'grapheme' }),
    signatures: fc.array(signature, { maxLength: 16 }),
  });
  fc.assert(
    fc.property(anyEnvelope, (envelope) => {
      expect(parseEnvelope(envelopeJson(envelope))).toEqual(envelope);
    }),
  );
});

describe('an envelope is refused', () => {
  const valid = JSON.parse(VECTOR.text) as { payload: string; payloadType: string; signatures: object[] };
  const tooMany = Array.from({ length: 17 }, () => ({ sig: 'aa' }));
  test.each([
    ['no JSON', '{', '(document): is not JSON'],
    ['a list', '[]', '(document): '],
    ['an unknown field', JSON.stringify({ ...valid, extra: 1 }), 'Unrecognized key: "extra"'],
    ['a payload that is no base64', JSON.stringify({ ...valid, payload: '!' }), 'payload: is not base64'],
    ['both base64 alphabets in one', JSON.stringify({ ...valid, payload: 'a+b_' }), 'payload: is not base64'],
    ['a payload that is no text', JSON.stringify({ ...valid, payload: '/w==' }), 'payload: is not UTF-8'],
    ['no type', JSON.stringify({ ...valid, payloadType: '' }), 'payloadType: '],
    ['an empty signature', JSON.stringify({ ...valid, signatures: [{ sig: '' }] }), 'signatures.0.sig: '],
    [
      'a signature that is no base64',
      JSON.stringify({ ...valid, signatures: [{ sig: '%' }] }),
      'signatures.0.sig: is not base64',
    ],
    ['more signatures than anybody needs', JSON.stringify({ ...valid, signatures: tooMany }), 'signatures: '],
  ])('with %s', (_what, text, words) => {
    expect(() => parseEnvelope(text)).toThrow(EnvelopeError);
    expect(() => parseEnvelope(text)).toThrow(words);
  });

  test('whatever it holds: no text breaks its reader', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), (text) => {
        try {
          parseEnvelope(text);
        } catch (error) {
          expect(error).toBeInstanceOf(EnvelopeError);
        }
      }),
    );
  });
});
