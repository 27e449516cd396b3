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
import { openSigningKey } from './attestation/signing-key.js';
import { signatureFault } from './attestation/verify-signature.js';
import { ActorError, type ActorContext } from './actor.js';

/**
 * Writes 65_attestation.dsse.json: what was sealed, with the digests of the files that are locked beside the archive, signed if the
 * run has a key. One that is there already and says the same is kept: it may be locked, and not every algorithm signs twice alike.
 * Errors: SIGNER_CHANGED, SIGNING_KEY_UNUSABLE.
 */
export async function attest(
  context: ActorContext,
  input: Pick<SummaryInput, 'attested' | 'signer' | 'settings'>,
  final: ChainHead,
  files: readonly AttestedFile[],
): Promise<void> {
  const payload = statementJson(attestationStatement(input.attested, final, files));
  const statement = { payloadType: STATEMENT_TYPE, payload };
  if (await isWritten(context, statement, input)) return;
  await context.evidence.write(
    EVIDENCE.attestation,
    envelopeJson({ ...statement, signatures: await signaturesOf(context, statement, input) }),
  );
}

type Unsigned = Omit<Envelope, 'signatures'>;

async function signaturesOf(
  context: ActorContext,
  statement: Unsigned,
  { signer, settings }: Pick<SummaryInput, 'signer' | 'settings'>,
): Promise<Envelope['signatures']> {
  if (signer === null || settings.signWith === null) return [];
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

/** Whether the file that is there says the same, under a signature that is right. */
async function isWritten(
  context: ActorContext,
  { payload, payloadType }: Unsigned,
  { signer }: Pick<SummaryInput, 'signer'>,
): Promise<boolean> {
  if (!(await context.evidence.exists(EVIDENCE.attestation))) return false;
  const found = envelopeIn((await context.evidence.read(EVIDENCE.attestation)).toString('utf8'));
  if (found?.payload !== payload || found.payloadType !== payloadType) return false;
  if (found.signatures.length !== (signer === null ? 0 : 1)) return false;
  const [signature] = found.signatures;
  if (signer === null || signature === undefined) return true;
  return (await signatureFault(signer, preAuthEncoding(found), signature.signature, context)) === null;
}

function envelopeIn(text: string): Envelope | null {
  try {
    return parseEnvelope(text);
  } catch (error) {
    if (error instanceof EnvelopeError) return null;
    throw error;
  }
}
