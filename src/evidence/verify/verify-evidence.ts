import { basename } from 'node:path';
import type { EvidenceDir, EvidenceSource } from '../evidence-dir.js';
import { indexText, IndexFileError, parseIndex } from '../index-file.js';
import { EVIDENCE, isAttested } from '../layout.js';
import { ManifestError, parseManifest, type Manifest } from '../manifest.js';
import { attestationChecks, type SignatureKeys } from './attestation-checks.js';
import { contentChecks, digestChecks, fieldOf } from './archive-checks.js';
import { isUnknown, same, unknown, type Unknown, type VerifyCheck } from './check.js';
import { directoryChecks } from './directory-checks.js';
import { historyChecks, runIdChecks, signOffChecks } from './history-checks.js';
import { HistoryReader, type HistorySoFar } from './history-reader.js';
import { readable } from './readable.js';
import { recordedChecks, recordedFacts, type BesideArchive, type Derive } from './recorded-checks.js';
import { signatureChecks } from './signature-checks.js';
import { readSealedArchive, type SealedArchive } from './sealed-archive.js';
import { sealedState } from './sealed-state.js';
import { expiryChecks } from './expiry-checks.js';
import { signOffSignatureChecks, type VerifyStatement } from './sign-off-checks.js';
import { timestampChecks } from './timestamp-checks.js';

/** A file, where it lies. */
export interface FileToVerify {
  readonly directory: EvidenceSource;
  readonly name: string;
}

/** What is to be verified. */
export interface EvidenceToVerify {
  /** A run's whole directory, named after the run, with the files that are in the archive, too; null when it is none. */
  readonly directory: EvidenceDir | null;
  /** Where the files are that were locked beside the archive; null when it is the archive alone, against its manifest. */
  readonly beside: EvidenceSource | null;
  readonly archive: FileToVerify;
  readonly manifest: FileToVerify;
  /** Null where there need not be one. */
  readonly archiveDigest: FileToVerify | null;
}

export interface VerifyWith {
  readonly derive: Derive;
  readonly keys: SignatureKeys;
  readonly verifyStatement: VerifyStatement;
  /** Certificates (DER) of timestamp authorities that whoever verifies trusts; null: none was named. */
  readonly authorities: readonly Uint8Array[] | null;
}

export interface Verification {
  readonly verified: boolean;
  readonly runId: string | null;
  readonly manifest: Manifest | Unknown;
  readonly checks: readonly VerifyCheck[];
}

/**
 * Every check that can be made offline; the first fault does not end them. What cannot be compared, because a file is missing or
 * cannot be read, is a failed check. Reads only, in constant memory. Throws only when the signal is aborted, or for a defect.
 */
export async function verifyEvidence(
  evidence: EvidenceToVerify,
  { derive, keys, verifyStatement, authorities }: VerifyWith,
  signal: AbortSignal,
): Promise<Verification> {
  const manifestText = await textOf(evidence.manifest);
  const manifest = manifestIn(manifestText);
  const directory = evidence.directory === null ? null : basename(evidence.directory.path);
  const named = isUnknown(manifest) ? directory : manifest.run_id;
  const reader = new HistoryReader(named);
  const archive = await archiveIn(evidence.archive, manifest, reader, signal);
  const history = isUnknown(archive) ? archive : archive.history;
  const runId = named ?? (isUnknown(history) ? history : (history.last?.run_id ?? unknown('the history has no transition')));
  const state = isUnknown(history) ? history : sealedState(history.last);
  const digest = evidence.archiveDigest === null ? null : await digestIn(evidence.archiveDigest);
  const checks = [
    schemaCheck(manifest),
    ...digestChecks(archive, manifest, digest),
    ...contentChecks(archive),
    ...historyChecks(history, state, manifest),
    ...signOffChecks(archive, state),
    ...signatureChecks(history, state),
    ...expiryChecks(history),
    ...(await signOffSignatureChecks(history, verifyStatement)),
    ...runIdChecks(runId, directory, archive, state, manifest),
  ];
  if (evidence.beside !== null) {
    const tail = await historyTail(evidence.beside, history, reader, signal);
    const beside = { ...(await besideArchive(evidence.beside)), manifest: manifestText, historyTail: tail };
    const recorded = recordedFacts(history, tail, derive);
    checks.push(...recordedChecks(history, beside, recorded), ...(await attestationChecks(beside, recorded, keys)));
    checks.push(...(await timestampChecks(beside, recorded, authorities)));
    if (evidence.directory !== null) {
      checks.push(...(await directoryChecks(evidence.directory, archive, isUnknown(tail) ? null : reader, signal)));
    }
  }
  return { verified: checks.every(({ ok }) => ok), runId: isUnknown(runId) ? null : runId, manifest, checks };
}

const MAX_TEXT_BYTES = 1024 * 1024;

function schemaCheck(manifest: Manifest | Unknown): VerifyCheck {
  return same(
    EVIDENCE.manifest,
    'follows its schema',
    'version 1',
    isUnknown(manifest) ? manifest : `version ${manifest.schema_version}`,
  );
}

function manifestIn(text: string | Unknown): Manifest | Unknown {
  if (isUnknown(text)) return text;
  try {
    return parseManifest(text);
  } catch (error) {
    if (error instanceof ManifestError) return unknown(error.message);
    throw error;
  }
}

/** Without a manifest nothing says how large the archive is; it is read to its end. */
async function archiveIn(
  { directory, name }: FileToVerify,
  manifest: Manifest | Unknown,
  history: HistoryReader,
  signal: AbortSignal,
): Promise<SealedArchive | Unknown> {
  const announced = fieldOf(manifest, 'tarball_size_bytes');
  return readable(() => readSealedArchive(directory.stream(name), isUnknown(announced) ? Infinity : announced, history, signal));
}

/** The one digest that evidence.tar.gz.sha256 names, written as `sha256sum` does. */
async function digestIn(file: FileToVerify): Promise<string | Unknown> {
  const text = await textOf(file);
  if (isUnknown(text)) return text;
  try {
    const [entry] = parseIndex(text);
    const isOurs = entry?.name === EVIDENCE.archive && indexText([entry]) === text;
    return isOurs ? entry.sha256 : unknown(`it is not one line about ${EVIDENCE.archive}`);
  } catch (error) {
    if (error instanceof IndexFileError) return unknown(error.message);
    throw error;
  }
}

async function besideArchive(directory: EvidenceSource): Promise<Omit<BesideArchive, 'manifest' | 'historyTail'>> {
  return {
    summary: await textOf({ directory, name: EVIDENCE.summary }),
    attestation: await textOf({ directory, name: EVIDENCE.attestation }),
    timestamp: await readable(async () =>
      (await directory.exists(EVIDENCE.timestamp)) ? directory.read(EVIDENCE.timestamp, MAX_TEXT_BYTES) : null,
    ),
    uploadLogSha256: await digestOf({ directory, name: EVIDENCE.uploadLog }),
    files: await readable(async () => {
      const names = (await directory.list()).map(({ name }) => name).filter(isAttested);
      const digests = await Promise.all(names.map(async (name) => [name, (await directory.digest(name)).sha256] as const));
      return new Map(digests);
    }),
  };
}

async function historyTail(
  directory: EvidenceSource,
  history: HistorySoFar | Unknown,
  reader: HistoryReader,
  signal: AbortSignal,
): Promise<HistorySoFar | Unknown> {
  if (isUnknown(history)) return unknown(`${EVIDENCE.history} could not be read`);
  return readable(async () => {
    for await (const chunk of directory.stream(EVIDENCE.historyTail) as AsyncIterable<Buffer>) {
      signal.throwIfAborted();
      reader.push(chunk);
    }
    return reader.soFar();
  });
}

async function textOf({ directory, name }: FileToVerify): Promise<string | Unknown> {
  return readable(async () => new TextDecoder('utf-8', { ignoreBOM: true }).decode(await directory.read(name, MAX_TEXT_BYTES)));
}

async function digestOf({ directory, name }: FileToVerify): Promise<string | Unknown> {
  return readable(async () => (await directory.digest(name)).sha256);
}
