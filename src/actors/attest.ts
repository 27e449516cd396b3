import type { ChainHead, SummaryInput } from '../config/step-contracts.js';
import {
  envelopeJson,
  EnvelopeError,
  parseEnvelope,
  preAuthEncoding,
  STATEMENT_TYPE,
  type Envelope,
} from '../evidence/attestation/envelope.js';
import { attestationStatement, statementJson, type AttestedFile } from '../evidence/attestation/statement.js';
import { EVIDENCE } from '../evidence/layout.js';
import { checkTimestamp, TimestampError } from '../evidence/attestation/timestamp.js';
import { openSigningKey } from './attestation/signing-key.js';
import { askForTimestamp } from './attestation/timestamp-authority.js';
import { signatureFault } from './attestation/verify-signature.js';
import { ActorError, type ActorContext } from './actor.js';

/**
 * Writes 65_attestation.dsse.json: what was sealed, with the digests of the files that are locked beside the archive, signed if the
 * run has a key, and 65_attestation.tsr, if it has a timestamp authority. What is there already and says the same is kept: it may be
 * locked, and not every algorithm signs twice alike. Returns the names of both, in the order in which they are to be locked.
 * Errors: SIGNER_CHANGED, SIGNING_KEY_UNUSABLE, and those of the authority.
 */
export async function attest(
  context: ActorContext,
  input: Pick<SummaryInput, 'attested' | 'signer' | 'settings'>,
  final: ChainHead,
  files: readonly AttestedFile[],
): Promise<readonly string[]> {
  const payload = statementJson(attestationStatement(input.attested, final, files));
  const statement = { payloadType: STATEMENT_TYPE, payload };
  const written = await writtenSignatures(context, statement, input);
  const signatures = written ?? (await signaturesOf(context, statement, input));
  if (written === null) await context.evidence.write(EVIDENCE.attestation, envelopeJson({ ...statement, signatures }));
  const [signature] = signatures;
  if (input.settings.tsaUrl === null) return [EVIDENCE.attestation];
  if (signature === undefined) throw new Error(`${input.settings.tsaUrl} was to stamp a signature, and there is none`);
  await stamp(context, input.settings.tsaUrl, signature.signature);
  return [EVIDENCE.attestation, EVIDENCE.timestamp];
}

/** Two tokens of one signature are never the same: one that is there and is right stays. */
async function stamp({ evidence, signal }: ActorContext, url: string, signature: Buffer): Promise<void> {
  if (await evidence.exists(EVIDENCE.timestamp)) {
    try {
      await checkTimestamp(await evidence.read(EVIDENCE.timestamp), signature);
      return;
    } catch (error) {
      if (!(error instanceof TimestampError)) throw error;
    }
  }
  await evidence.write(EVIDENCE.timestamp, (await askForTimestamp(url, signature, signal)).response);
}

type Unsigned = Omit<Envelope, 'signatures'>;

async function signaturesOf(
  context: ActorContext,
  statement: Unsigned,
  { signer, settings }: Pick<SummaryInput, 'signer' | 'settings'>,
): Promise<Envelope['signatures']> {
  if (signer === null) return [];
  // Recorded together: without its key, a run that was to be signed must not go out unsigned.
  if (settings.signWith === null) throw new Error(`the run has the signer ${signer.keyId}, but no key`);
  const key = await openSigningKey(settings.signWith, context);
  if (key.signer.keyId !== signer.keyId) {
    throw new ActorError(
      'SIGNER_CHANGED',
      `${settings.signWith} is the key ${key.signer.keyId}, but this run was started with ${signer.keyId}. ` +
        'Put that key back, then: cutover retry <run>',
      { details: { file: settings.signWith, expected: signer.keyId, found: key.signer.keyId } },
    );
  }
  const message = preAuthEncoding(statement);
  const signature = await key.sign(message);
  const fault = await signatureFault(signer, message, signature, context);
  if (fault !== null) throw new ActorError('SIGNING_KEY_UNUSABLE', `${settings.signWith} signed, but ${fault}. Check the key.`);
  return [{ keyId: signer.keyId, signature }];
}

/** Those of the file that is there, if it says the same, under a signature that is right. */
async function writtenSignatures(
  context: ActorContext,
  { payload, payloadType }: Unsigned,
  { signer }: Pick<SummaryInput, 'signer'>,
): Promise<Envelope['signatures'] | null> {
  if (!(await context.evidence.exists(EVIDENCE.attestation))) return null;
  const found = envelopeIn((await context.evidence.read(EVIDENCE.attestation)).toString('utf8'));
  if (found?.payload !== payload || found.payloadType !== payloadType) return null;
  if (found.signatures.length !== (signer === null ? 0 : 1)) return null;
  const [signature] = found.signatures;
  if (signer === null || signature === undefined) return found.signatures;
  const fault = await signatureFault(signer, preAuthEncoding(found), signature.signature, context);
  return fault === null ? found.signatures : null;
}

function envelopeIn(text: string): Envelope | null {
  try {
    return parseEnvelope(text);
  } catch (error) {
    if (error instanceof EnvelopeError) return null;
    throw error;
  }
}
