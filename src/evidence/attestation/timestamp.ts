import { createHash, randomBytes, X509Certificate } from 'node:crypto';
import type { Attribute, Certificate, SignedData, TSTInfo } from 'pkijs';

/** A response of a time-stamping authority that proves nothing: in what, and why. */
export class TimestampError extends Error {
  override readonly name = 'TimestampError';
  readonly code = 'TIMESTAMP_INVALID';
}

/** What a token says. */
export interface Timestamp {
  /** UTC; by the authority's clock. */
  readonly at: string;
  /** The subject of the certificate that signed it. */
  readonly authority: string;
}

export interface TimestampRequest {
  /** A TimeStampReq in DER. */
  readonly query: Buffer;
  readonly nonce: bigint;
}

const SHA256 = '2.16.840.1.101.3.4.2.1';
/** SHA-256, SHA-384 and SHA-512. */
const SHA2 = [SHA256, '2.16.840.1.101.3.4.2.2', '2.16.840.1.101.3.4.2.3'];
const SIGNED_DATA = '1.2.840.113549.1.7.2';
const TST_INFO = '1.2.840.113549.1.9.16.1.4';
const CONTENT_TYPE = '1.2.840.113549.1.9.3';
const MESSAGE_DIGEST = '1.2.840.113549.1.9.4';
const SIGNING_CERTIFICATE = '1.2.840.113549.1.9.16.2.12';
const SIGNING_CERTIFICATE_V2 = '1.2.840.113549.1.9.16.2.47';
const EXTENDED_KEY_USAGE = '2.5.29.37';
const TIME_STAMPING = '1.3.6.1.5.5.7.3.8';

/** Asks for a token over the SHA-256 of `data`, with the authority's certificate in it. Source: RFC 3161, 2.4.1. */
export async function timestampRequest(data: Uint8Array): Promise<TimestampRequest> {
  const { AlgorithmIdentifier, MessageImprint, TimeStampReq } = await import('pkijs');
  const { Integer, Null, OctetString } = await import('asn1js');
  const random = randomBytes(8);
  // A DER integer with its first bit set is negative, and one that begins with zeros is shorter.
  random[0] = ((random[0] ?? 0) & 0x7f) | 0x40;
  const request = new TimeStampReq({
    version: 1,
    messageImprint: new MessageImprint({
      hashAlgorithm: new AlgorithmIdentifier({ algorithmId: SHA256, algorithmParams: new Null() }),
      hashedMessage: new OctetString({ valueHex: createHash('sha256').update(data).digest() }),
    }),
    nonce: new Integer({ valueHex: random }),
    certReq: true,
  });
  return { query: Buffer.from(request.toSchema().toBER()), nonce: BigInt(`0x${random.toString('hex')}`) };
}

/**
 * A TimeStampResp (DER) is granted, is about the SHA-256 of `data`, is signed by the certificate in it, and that is one for
 * timestamps, valid at the time it tells. With `nonce`, it answers that request. With `authorities` (DER), the certificate
 * leads to one of them, at that time, too. Throws `TimestampError`. Source: RFC 3161, 2.3 and 2.4.2; RFC 5652, 5.3; RFC 5816.
 */
export async function checkTimestamp(
  response: Uint8Array,
  data: Uint8Array,
  { nonce, authorities }: { readonly nonce?: bigint; readonly authorities?: readonly Uint8Array[] } = {},
): Promise<Timestamp> {
  const { signed, info } = await tokenIn(response);
  const imprint = Buffer.from(info.messageImprint.hashedMessage.getValue());
  const expected = createHash('sha256').update(data).digest();
  if (info.messageImprint.hashAlgorithm.algorithmId !== SHA256 || !imprint.equals(expected)) {
    fail(`it is about something else: its imprint is ${imprint.toString('hex')}, expected ${expected.toString('hex')}`);
  }
  if (nonce !== undefined && info.nonce?.toBigInt() !== nonce) fail('it answers another request: its nonce is not the one sent');
  checkAttributes(signed);
  const certificate = await signingCertificate(signed, data, authorities ?? null);
  checkCertificate(certificate, signed, info.genTime);
  return { at: info.genTime.toISOString(), authority: subjectOf(certificate) };
}

interface Token {
  readonly signed: SignedData;
  readonly info: TSTInfo;
}

async function tokenIn(response: Uint8Array): Promise<Token> {
  const { SignedData, TimeStampResp, TSTInfo } = await import('pkijs');
  const { fromBER } = await import('asn1js');
  const { offset, result } = readAs('DER', () => fromBER(response));
  if (offset !== response.length) fail('it is not one response in DER');
  const { status, timeStampToken } = readAs('a TimeStampResp', () => new TimeStampResp({ schema: result }));
  if (status.status > 1) {
    const said = (status.statusStrings ?? []).map(({ valueBlock }) => JSON.stringify(valueBlock.value)).join(', ');
    fail(`it was not granted: status ${status.status}${said === '' ? '' : `, ${said}`}`);
  }
  if (timeStampToken?.contentType !== SIGNED_DATA) fail('it holds no signed token');
  const signed = readAs('a SignedData', () => new SignedData({ schema: timeStampToken?.content }));
  const { eContentType, eContent } = signed.encapContentInfo;
  if (eContentType !== TST_INFO || eContent === undefined) fail('it holds no TSTInfo');
  return { signed, info: readAs('a TSTInfo', () => TSTInfo.fromBER((eContent as NonNullable<typeof eContent>).getValue())) };
}

function readAs<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new TimestampError(`it is not ${what}: ${(error as Error).message}`);
  }
}

/** One signer, over attributes that name the content's type and digest once: what is not signed there is anybody's. */
function checkAttributes({ signerInfos: [signer, ...others] }: SignedData): void {
  if (signer === undefined || others.length > 0) fail('it has not exactly one signer');
  const { digestAlgorithm, signedAttrs } = signer as NonNullable<typeof signer>;
  if (!SHA2.includes(digestAlgorithm.algorithmId)) fail(`its digest, ${digestAlgorithm.algorithmId}, is none of SHA-2`);
  const attributes = signedAttrs?.attributes ?? [];
  const [type, digest] = [CONTENT_TYPE, MESSAGE_DIGEST].map((oid) => attributes.filter((attribute) => attribute.type === oid));
  const named = (type?.[0]?.values as [{ getValue?(): string }] | undefined)?.[0]?.getValue?.();
  if (type?.length !== 1 || digest?.length !== 1 || named !== TST_INFO) fail('its signature does not cover what it says');
}

/** The certificate in the token that its signature is by. */
async function signingCertificate(
  signed: SignedData,
  data: Uint8Array,
  authorities: readonly Uint8Array[] | null,
): Promise<Certificate> {
  const { Certificate, SignedDataVerifyError } = await import('pkijs');
  const trustedCerts = (authorities ?? []).map((der) => Certificate.fromBER(der));
  try {
    const result = await signed.verify({
      signer: 0,
      data: new Uint8Array(data).buffer,
      trustedCerts,
      checkChain: authorities !== null,
      passedWhenNotRevValues: true,
      extendedMode: true,
    });
    if (result.signatureVerified !== true || !result.signerCertificate) throw new TimestampError('its signature is not right');
    return result.signerCertificate;
  } catch (error) {
    if (error instanceof SignedDataVerifyError) throw new TimestampError(error.message);
    throw error;
  }
}

/** RFC 3161, 2.3: a certificate for nothing but timestamps, and marked as that. RFC 5816: the token names the one it is by. */
function checkCertificate(certificate: Certificate, signed: SignedData, at: Date): void {
  const usage = certificate.extensions?.find(({ extnID }) => extnID === EXTENDED_KEY_USAGE);
  const purposes = (usage?.parsedValue as { keyPurposes?: readonly string[] } | undefined)?.keyPurposes ?? [];
  const subject = subjectOf(certificate);
  if (usage?.critical !== true || purposes.length !== 1 || purposes[0] !== TIME_STAMPING) {
    fail(`the certificate of ${subject} is not one for timestamps (a critical extended key usage, timeStamping alone)`);
  }
  const { notBefore, notAfter } = certificate;
  if (at < notBefore.value || at > notAfter.value) {
    const [from, to] = [notBefore, notAfter].map(({ value }) => value.toISOString());
    fail(`the certificate of ${subject} is valid from ${from} to ${to} only, not at ${at.toISOString()}`);
  }
  if (!namesCertificate(signed.signerInfos[0]?.signedAttrs?.attributes ?? [], derOf(certificate))) {
    fail(`it does not name the certificate of ${subject} as the one it is signed by`);
  }
}

/** The first of the certificates that the attribute SigningCertificate (SHA-1) or SigningCertificateV2 names. */
function namesCertificate(attributes: readonly Attribute[], der: Buffer): boolean {
  const attribute = attributes.find(({ type }) => type === SIGNING_CERTIFICATE_V2 || type === SIGNING_CERTIFICATE);
  const [id] = parts(parts(attribute?.values[0])[0]);
  const [first, second] = parts(id);
  const withAlgorithm = parts(first).length > 0;
  const algorithm = withAlgorithm ? DIGESTS[String(parts(first)[0]?.getValue?.())] : 'sha256';
  const digest = attribute?.type === SIGNING_CERTIFICATE ? 'sha1' : algorithm;
  const named = (withAlgorithm ? second : first)?.valueBlock?.valueHexView;
  return digest !== undefined && named !== undefined && createHash(digest).update(der).digest().equals(named);
}

const DIGESTS: Readonly<Record<string, string>> = Object.fromEntries(
  SHA2.map((oid, at) => [oid, ['sha256', 'sha384', 'sha512'][at] ?? '']),
);

/** What is read of an ASN.1 value: the parts of a sequence or set, the bytes of an octet string, the text of an identifier. */
interface Asn1Value {
  readonly valueBlock?: { readonly value?: unknown; readonly valueHexView?: Uint8Array };
  getValue?(): unknown;
}

function parts(value: unknown): readonly Asn1Value[] {
  const inner = (value as Asn1Value | undefined)?.valueBlock?.value;
  return Array.isArray(inner) ? (inner as Asn1Value[]) : [];
}

function derOf(certificate: Certificate): Buffer {
  return Buffer.from(certificate.toSchema().toBER());
}

function subjectOf(certificate: Certificate): string {
  const read = () => new X509Certificate(derOf(certificate)).subject;
  return readAs('signed with a certificate', read).split('\n').join(', ');
}

function fail(message: string): never {
  throw new TimestampError(message);
}
