import { dsse } from '@sigstore/core';
import { z } from 'zod';

/** An envelope that cannot be read: which part of it, and why. */
export class EnvelopeError extends Error {
  override readonly name = 'EnvelopeError';
  readonly code = 'ENVELOPE_INVALID';
}

/** Source: in-toto attestation framework, "Envelope layer". */
export const STATEMENT_TYPE = 'application/vnd.in-toto+json';

export interface Envelope {
  readonly payloadType: string;
  /** The statement, as it was signed. */
  readonly payload: string;
  readonly signatures: readonly { readonly keyId: string; readonly signature: Buffer }[];
}

const document = z.strictObject({
  payload: z.string(),
  payloadType: z.string().min(1),
  signatures: z.array(z.strictObject({ keyid: z.string().default(''), sig: z.string().min(1) })).max(16),
});

/** The text of a DSSE envelope. Without a signature its list of them is empty. Source: DSSE, envelope.md. */
export function envelopeJson({ payloadType, payload, signatures }: Envelope): string {
  const signed = signatures.map(({ keyId, signature }) => ({ keyid: keyId, sig: signature.toString('base64') }));
  return `${JSON.stringify({ payload: Buffer.from(payload).toString('base64'), payloadType, signatures: signed }, null, 2)}\n`;
}

/** Reads an envelope; base64 may be the standard or the URL-safe one. Throws `EnvelopeError`; an unknown field is one. */
export function parseEnvelope(text: string): Envelope {
  const result = document.safeParse(jsonIn(text));
  if (!result.success) {
    const { path, message } = result.error.issues[0] ?? { path: [], message: 'does not fit' };
    throw new EnvelopeError(`${path.length === 0 ? '(document)' : path.join('.')}: ${message}`);
  }
  const { payload, payloadType, signatures } = result.data;
  return {
    payloadType,
    payload: utf8(bytesOf('payload', payload)),
    signatures: signatures.map(({ keyid, sig }, at) => ({ keyId: keyid, signature: bytesOf(`signatures.${at}.sig`, sig) })),
  };
}

/** What is signed: type and payload with their lengths, so that neither can be taken for the other. Source: DSSE, protocol.md, "PAE". */
export function preAuthEncoding({ payloadType, payload }: Pick<Envelope, 'payloadType' | 'payload'>): string {
  return dsse.preAuthEncoding(payloadType, Buffer.from(payload)).toString('utf8');
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new EnvelopeError(`(document): is not JSON (${(error as Error).message})`);
  }
}

function bytesOf(field: string, base64: string): Buffer {
  if (/^(?:[A-Za-z0-9+/]*|[A-Za-z0-9_-]*)={0,2}$/.test(base64)) return Buffer.from(base64, 'base64');
  throw new EnvelopeError(`${field}: is not base64`);
}

/** Bytes that are no text would be signed as others than are read. */
function utf8(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new EnvelopeError('payload: is not UTF-8');
  }
}
