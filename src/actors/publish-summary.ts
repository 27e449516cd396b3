import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join, posix } from 'node:path';
import type { PublishedFacts, StepContracts, SummaryInput } from '../config/step-contracts.js';
import type { AttestedFile } from '../evidence/attestation/statement.js';
import type { EvidenceDir } from '../evidence/evidence-dir.js';
import { EVIDENCE } from '../evidence/layout.js';
import { manifestJson, sealManifest } from '../evidence/manifest.js';
import { resultSummary } from '../evidence/result-summary.js';
import { ActorError, type Actor, type ActorContext } from './actor.js';
import { attest } from './attest.js';
import { refuseSecrets, scanFiles } from './refuse-secrets.js';
import { putLockedObject, uploadRecord, verifyLockedObject } from './s3/locked-object.js';
import type { LockedObject } from './s3/multipart-upload.js';
import { compositeChecksum, digestParts } from './s3/parts.js';
import { withSession, type S3Session } from './s3/session.js';
import { writeHistory } from './write-history.js';

type Contract = StepContracts['publishSummary'];

/**
 * The result: locks the manifest, the upload logs, the history after the seal, the attestation with its timestamp and the summary beside the archive, verifies
 * each, and only then shows 90_result_summary.txt. The same input gives the same bytes, so a retry adopts what was stored; a manifest
 * that is not as recorded is written anew. Throws SECRET_FOUND before anything is uploaded, SUMMARY_EXISTS, UPLOAD_LOG_MISSING,
 * EVIDENCE_CHANGED for an upload log that is not as recorded, and the errors of the history, of `attest` and of S3.
 */
export const publishSummary: Actor<Contract['input'], Contract['output']> = async (input, context) => {
  const { evidence } = context;
  await requireUploadLog(evidence, input.uploadLogSha256);
  const manifestWas = await restoreManifest(input, context);
  await writeSummary(evidence, resultSummary(input.summary));
  const { after, upTo } = input.tail;
  const hash = upTo > after ? await writeHistory(context, EVIDENCE.historyTail, input.tail) : input.attested.chain.sealed.hash;
  const files = await filesToPublish(evidence, upTo > after);
  refuseSecrets((await scanFiles(context, files, input.scan?.accepted)).refused);
  const attested = await Promise.all(files.map((file) => attestedFile(evidence, file)));
  // The summary comes last: once it is locked, all of it is.
  const attestation = await attest(context, input, { seq: upTo, hash }, attested);
  refuseSecrets((await scanFiles(context, attestation, input.scan?.accepted)).refused);
  files.splice(-1, 0, ...attestation);
  const objects: PublishedFacts['objects'][number][] = [];
  await withSession(input, context, LOG_NOTHING, async (session) => {
    for (const file of files) objects.push(await publish(session, file, input, context));
  });
  await showSummary(evidence);
  return { verdict: input.summary.verdict, ...(manifestWas === null ? {} : { manifestWas }), objects };
};

/** The upload's log is itself among the files that are locked here, so it must not grow any more. */
const LOG_NOTHING = (): Promise<void> => Promise.resolve();
const PARTIAL = `${EVIDENCE.summary}.partial`;

/** What S3 answered can't be asked for once more: another log would be locked, and found wanting by whoever verifies it. */
async function requireUploadLog(evidence: EvidenceDir, recorded: string | null): Promise<void> {
  const details = { file: EVIDENCE.uploadLog };
  if (!(await evidence.exists(EVIDENCE.uploadLog))) {
    throw new ActorError(
      'UPLOAD_LOG_MISSING',
      `${EVIDENCE.uploadLog} is not in ${evidence.path}. Restore it: what S3 answered has to be locked beside the archive.`,
      { details },
    );
  }
  const { sha256 } = await evidence.digest(EVIDENCE.uploadLog);
  if (sha256 === recorded) return;
  throw new ActorError(
    'EVIDENCE_CHANGED',
    `${EVIDENCE.uploadLog} in ${evidence.path} is not what the upload left behind: SHA-256 ${recorded ?? '(none)'} recorded, ${sha256} found. ` +
      'Restore it as it was, then: cutover retry <run>',
    { details },
  );
}

/** The manifest says what is on record, and nothing else: it can be written again. Gives why it was; null where it says that. */
async function restoreManifest(input: SummaryInput, { evidence, runId }: ActorContext): Promise<'missing' | 'changed' | null> {
  const text = manifestJson(sealManifest(runId, input, input.verified));
  const isThere = await evidence.exists(EVIDENCE.manifest);
  const wanted = createHash('sha256').update(text).digest('hex');
  if (isThere && (await evidence.digest(EVIDENCE.manifest)).sha256 === wanted) return null;
  await evidence.write(EVIDENCE.manifest, text);
  return isThere ? 'changed' : 'missing';
}

/** The summary is not shown under its name before it is locked. One that is there already must say the same. */
async function writeSummary(evidence: EvidenceDir, text: string): Promise<void> {
  const written = await evidence.write(PARTIAL, text);
  if (!(await evidence.exists(EVIDENCE.summary))) return;
  if ((await evidence.digest(EVIDENCE.summary)).sha256 === written.sha256) return;
  await rm(join(evidence.path, PARTIAL));
  throw new ActorError(
    'SUMMARY_EXISTS',
    `${EVIDENCE.summary} in ${evidence.path} says something else than the recorded facts; it was left as it is. ` +
      'Find out who wrote it, keep it under another name, then: cutover retry <run>',
    { details: { file: EVIDENCE.summary } },
  );
}

async function showSummary(evidence: EvidenceDir): Promise<void> {
  if (await evidence.exists(EVIDENCE.summary)) await rm(join(evidence.path, PARTIAL));
  else await evidence.rename(PARTIAL, EVIDENCE.summary);
}

async function filesToPublish(evidence: EvidenceDir, withTail: boolean): Promise<string[]> {
  const logs = (await evidence.list())
    .map(({ name }) => name)
    .filter((name) => /^70_[^/]*$/.test(name) && !name.endsWith('.partial'));
  return [EVIDENCE.manifest, ...logs, ...(withTail ? [EVIDENCE.historyTail] : []), PARTIAL];
}

async function publish(
  session: S3Session,
  file: string,
  input: SummaryInput,
  context: ActorContext,
): Promise<PublishedFacts['objects'][number]> {
  const name = publishedName(file);
  const key = posix.join(posix.dirname(input.key), name);
  const object = await objectOf(key, file, input, context.evidence);
  const upload = await putLockedObject(session, object, uploadRecord(input, context, key));
  await verifyLockedObject(session, object, upload);
  context.progress(`Locked ${name} (version ${upload.versionId})`);
  return { name, key, versionId: upload.versionId, sha256: object.sha256 };
}

async function attestedFile(evidence: EvidenceDir, file: string): Promise<AttestedFile> {
  return { name: publishedName(file), sha256: (await evidence.digest(file)).sha256 };
}

function publishedName(file: string): string {
  return file === PARTIAL ? EVIDENCE.summary : file;
}

async function objectOf(
  key: string,
  file: string,
  { settings, retainUntil }: SummaryInput,
  evidence: EvidenceDir,
): Promise<LockedObject> {
  const { size } = await evidence.digest(file);
  const { parts, ...digested } = await digestParts(evidence.stream(file), size);
  const wanted = { key, ...digested, composite: compositeChecksum(parts), mode: settings.lockMode, retainUntil };
  return { ...wanted, parts, body: ({ start, size: bytes }) => evidence.stream(file, { start, end: start + bytes }) };
}
