import { EnvelopeError, parseEnvelope } from '../attestation/envelope.js';
import { checkTimestamp, TimestampError, type Timestamp } from '../attestation/timestamp.js';
import { EVIDENCE } from '../layout.js';
import { failed, isUnknown, unknown, type Unknown, type VerifyCheck } from './check.js';
import type { BesideArchive, Recorded } from './recorded-checks.js';

const artefact = EVIDENCE.timestamp;

/**
 * The timestamp is one of the attestation's signature, where the run asked an authority for it; elsewhere there is none. `authorities`:
 * certificates (DER) that whoever verifies trusts; without them a token proves only what its own certificate says.
 */
export async function timestampChecks(
  { attestation, timestamp }: Pick<BesideArchive, 'attestation' | 'timestamp'>,
  recorded: Recorded | Unknown,
  authorities: readonly Uint8Array[] | null,
): Promise<VerifyCheck[]> {
  const what = 'a timestamp of the signature';
  const found = timestamp === null ? 'not there' : isUnknown(timestamp) ? timestamp : `${timestamp.length} bytes`;
  if (isUnknown(recorded)) return timestamp === null ? [] : [failed(artefact, what, recorded, found)];
  const url = recorded.attested.timestampedBy;
  if (url === null) {
    const expected = 'not there: the run asked no timestamp authority';
    const isExpected = timestamp === null && authorities === null;
    return isExpected ? [] : [failed(artefact, what, authorities === null ? expected : 'one by the given authority', found)];
  }
  const expected = `by ${url}`;
  const signature = signatureIn(attestation);
  if (isUnknown(signature)) return [failed(artefact, what, expected, signature)];
  if (timestamp === null || isUnknown(timestamp)) return [failed(artefact, what, expected, found)];
  const stamp = await timestampIn(timestamp, signature);
  if (isUnknown(stamp)) return [failed(artefact, what, expected, stamp)];
  const shown = `${stamp.at} by ${stamp.authority}`;
  return [{ artefact, what, ok: true, expected, found: shown }, await authorityCheck(stamp, timestamp, signature, authorities)];
}

async function authorityCheck(
  stamp: Timestamp,
  timestamp: Buffer,
  signature: Uint8Array,
  authorities: readonly Uint8Array[] | null,
): Promise<VerifyCheck> {
  const what = "the timestamp authority's certificate";
  if (authorities === null) {
    const found = "the authority's certificate was not verified: --tsa-ca FILE";
    return { artefact, what, ok: true, expected: 'one that leads to a known authority', found, unproven: true };
  }
  const expected = 'one that leads to a given authority';
  const chained = await timestampIn(timestamp, signature, authorities);
  if (isUnknown(chained)) return failed(artefact, what, expected, chained);
  return { artefact, what, ok: true, expected, found: `${stamp.authority}, valid at ${stamp.at}` };
}

async function timestampIn(
  timestamp: Buffer,
  signature: Uint8Array,
  authorities?: readonly Uint8Array[],
): Promise<Timestamp | Unknown> {
  try {
    return await checkTimestamp(timestamp, signature, authorities === undefined ? {} : { authorities });
  } catch (error) {
    if (error instanceof TimestampError) return unknown(error.message);
    throw error;
  }
}

function signatureIn(attestation: string | Unknown): Buffer | Unknown {
  if (isUnknown(attestation)) return attestation;
  try {
    return parseEnvelope(attestation).signatures[0]?.signature ?? unknown('the attestation is not signed');
  } catch (error) {
    if (error instanceof EnvelopeError) return unknown(error.message);
    throw error;
  }
}
