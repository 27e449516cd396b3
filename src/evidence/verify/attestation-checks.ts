import type { Signer } from '../../config/step-contracts.js';
import {
  envelopeJson,
  EnvelopeError,
  parseEnvelope,
  preAuthEncoding,
  STATEMENT_TYPE,
  type Envelope,
} from '../attestation/envelope.js';
import { attestationStatement, parseStatement, StatementError, type Statement } from '../attestation/statement.js';
import { canonicalJson } from '../canonical-json.js';
import { EVIDENCE } from '../layout.js';
import { allOf, failed, isUnknown, same, unknown, type Unknown, type VerifyCheck } from './check.js';
import type { BesideArchive, Recorded } from './recorded-checks.js';

/** What is wrong with a signature of this key; null when nothing is. What cannot be verified is wrong. */
export type SignatureFault = (signer: Signer, message: string, signature: Uint8Array) => Promise<string | null>;

export interface SignatureKeys {
  /** The key that whoever verifies knows to be the signer's; null: the one that the run recorded. */
  readonly trusted: Signer | null;
  readonly fault: SignatureFault;
}

/** The attestation says what the recorded facts say, of the files that lie there, under a signature of the run's key. */
export async function attestationChecks(
  { attestation, files, historyTail }: BesideArchive,
  recorded: Recorded | Unknown,
  keys: SignatureKeys,
): Promise<VerifyCheck[]> {
  const envelope = readAs(attestation, envelopeAsWritten);
  const statement = readAs(isUnknown(envelope) ? envelope : envelope.payload, parseStatement);
  const isOurs = isUnknown(envelope) || isUnknown(statement) || envelope.payloadType === STATEMENT_TYPE;
  const expected = `${STATEMENT_TYPE} that follows its schema`;
  const found = isUnknown(envelope) ? envelope : isUnknown(statement) ? statement : isOurs ? expected : envelope.payloadType;
  return [
    same(EVIDENCE.attestation, 'a DSSE envelope with an in-toto statement', expected, found),
    ...factChecks(statement, recorded, historyTail),
    ...fileChecks(statement, files),
    await signatureCheck(envelope, recorded, keys),
  ];
}

/** Byte for byte as we write it: what is added to it, even a line feed, is found. */
function envelopeAsWritten(text: string): Envelope {
  const envelope = parseEnvelope(text);
  if (envelopeJson(envelope) !== text) throw new EnvelopeError('it is not written as a sealing run writes it');
  return envelope;
}

function readAs<T>(text: string | Unknown, read: (text: string) => T): T | Unknown {
  if (isUnknown(text)) return text;
  try {
    return read(text);
  } catch (error) {
    if (error instanceof EnvelopeError || error instanceof StatementError) return unknown(error.message);
    throw error;
  }
}

/** Each part of it that differs, with what it should be. */
function factChecks(
  statement: Statement | Unknown,
  recorded: Recorded | Unknown,
  tail: BesideArchive['historyTail'],
): VerifyCheck[] {
  const what = 'each fact, as recorded';
  const why = [tail, statement].find(isUnknown);
  if (isUnknown(recorded)) return [failed(EVIDENCE.attestation, what, recorded, why ?? 'not compared')];
  if (why !== undefined) return [failed(EVIDENCE.attestation, what, 'the recorded facts', why)];
  const { attested } = recorded;
  const { length: seq, head: hash } = tail as Exclude<typeof tail, Unknown>;
  const { predicate, subject } = statement as Statement;
  const expected = attestationStatement(attested, { seq, hash }, predicate.files);
  const wanted = { subject: expected.subject, ...expected.predicate };
  const found = { subject, ...predicate };
  const names = Object.keys(wanted) as (keyof typeof wanted)[];
  const faults = names
    .filter((name) => canonicalJson(wanted[name]) !== canonicalJson(found[name]))
    .map((name) => failed(EVIDENCE.attestation, what, ...differing(name, wanted[name], found[name])));
  const count = `${names.length} facts`;
  return allOf(same(EVIDENCE.attestation, what, count, count), faults);
}

const SHOWN = 160;

/** Long facts from the first character on that differs. */
function differing(name: string, expected: unknown, found: unknown): [string, string] {
  const texts = [expected, found].map((value) => canonicalJson(value)) as [string, string];
  const at = [...texts[0]].findIndex((character, index) => texts[1][index] !== character);
  const from = Math.max(0, (at < 0 ? texts[0].length : at) - SHOWN / 2);
  const part = (text: string) =>
    `${from > 0 ? '...' : ''}${text.slice(from, from + SHOWN)}${text.length > from + SHOWN ? '...' : ''}`;
  return [`${name}: ${part(texts[0])}`, `${name}: ${part(texts[1])}`];
}

function fileChecks(statement: Statement | Unknown, files: BesideArchive['files']): VerifyCheck[] {
  const what = 'SHA-256, as attested';
  const why = [statement, files].find(isUnknown);
  if (why !== undefined) return [failed(EVIDENCE.attestation, what, unknown('the attested files'), why)];
  const attested = new Map((statement as Statement).predicate.files.map(({ name, sha256 }) => [name, sha256]));
  const found = files as ReadonlyMap<string, string>;
  const count = `${attested.size} files`;
  return allOf(same(EVIDENCE.attestation, what, count, `${found.size} files`), [
    ...[...attested]
      .filter(([name, sha256]) => found.get(name) !== sha256)
      .map(([name, sha256]) => failed(name, what, sha256, found.get(name) ?? 'not there')),
    ...[...found].filter(([name]) => !attested.has(name)).map(([name, sha256]) => failed(name, what, 'not attested', sha256)),
  ]);
}

async function signatureCheck(
  envelope: Envelope | Unknown,
  recorded: Recorded | Unknown,
  { trusted, fault }: SignatureKeys,
): Promise<VerifyCheck> {
  const artefact = EVIDENCE.attestation;
  const what = trusted === null ? 'its signature, by the recorded key' : 'its signature, by the given key';
  if (isUnknown(recorded)) return failed(artefact, what, recorded, isUnknown(envelope) ? envelope : 'not verified');
  if (isUnknown(envelope)) return failed(artefact, what, 'one that can be read', envelope);
  const { signer } = recorded;
  const [first, ...others] = envelope.signatures;
  const found = first === undefined ? 'not signed' : others.length > 0 ? `${envelope.signatures.length} signatures` : null;
  if (signer === null) {
    if (trusted !== null) return failed(artefact, what, `key ${trusted.keyId}`, found ?? 'the run recorded no key');
    if (first !== undefined) return failed(artefact, what, 'not signed: the run recorded no key', found ?? 'signed');
    return { artefact, what, ok: true, expected: 'not signed: the run had no key', found: 'not signed', unproven: true };
  }
  const key = trusted ?? signer;
  const expected = `key ${key.keyId}`;
  if (key.keyId !== signer.keyId) return failed(artefact, what, expected, `recorded: key ${signer.keyId}`);
  if (first === undefined || found !== null) return failed(artefact, what, expected, found ?? 'not signed');
  if (first.keyId !== key.keyId) return failed(artefact, what, expected, `it names key ${first.keyId}`);
  const wrong = await fault(key, preAuthEncoding(envelope), first.signature);
  return wrong === null ? same(artefact, what, expected, expected) : failed(artefact, what, expected, wrong);
}
