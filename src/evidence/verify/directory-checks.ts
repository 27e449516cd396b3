import type { EvidenceDir } from '../evidence-dir.js';
import { EVIDENCE, isArchived } from '../layout.js';
import { allOf, failed, isUnknown, same, unknown, type Unknown, type VerifyCheck } from './check.js';
import type { HistoryReader } from './history-reader.js';
import { readable } from './readable.js';
import type { SealedArchive } from './sealed-archive.js';

/** The evidence files that lie beside the archive are those in it, and nothing else lies there. */
export async function directoryChecks(
  evidence: EvidenceDir,
  archive: SealedArchive | Unknown,
  history: HistoryReader | null,
  signal: AbortSignal,
): Promise<VerifyCheck[]> {
  const what = 'beside the archive, each file as in it';
  const why = isUnknown(archive) ? archive : archive.fault === null ? null : unknown('the archive could not be read to its end');
  if (why !== null) return [failed('(directory)', what, unknown('the files of the archive'), why)];
  const { files } = archive as SealedArchive;
  const faults: VerifyCheck[] = [];
  for (const [name, { sha256 }] of files) {
    signal.throwIfAborted();
    const found = await digestIn(evidence, name);
    if (found !== sha256) faults.push(failed(name, what, sha256, found));
  }
  const names = await readable(async () => (await evidence.list()).map(({ name }) => name));
  if (isUnknown(names)) faults.push(failed('(directory)', what, 'regular files', names));
  const others = isUnknown(names) ? [] : names.filter((name) => !files.has(name));
  const added = others.filter((name) => !BESIDE.has(name) && !isEarlierUploadLog(name) && !CHANGED_ARCHIVE.test(name));
  faults.push(
    ...added.map((name) => failed(name, what, 'not there', isArchived(name) ? 'not in the archive' : 'no file of a run')),
  );
  const count = `${files.size} files`;
  const earlier = others.filter(isEarlierUploadLog);
  const aside = others.filter((name) => CHANGED_ARCHIVE.test(name));
  return [
    ...allOf(same('(directory)', what, count, count), faults),
    ...(await Promise.all(earlier.map(async (name) => earlierLogCheck(name, await digestIn(evidence, name), history)))),
    ...(await Promise.all(aside.map(async (name) => asideCheck(name, await digestIn(evidence, name))))),
  ];
}

const BESIDE: ReadonlySet<string> = new Set([
  EVIDENCE.archive,
  EVIDENCE.archiveDigest,
  EVIDENCE.manifest,
  EVIDENCE.attestation,
  EVIDENCE.timestamp,
  EVIDENCE.uploadLog,
  EVIDENCE.historyTail,
  EVIDENCE.summary,
]);

/** An archive that was not the recorded one when it was to be uploaded, kept aside under its own digest (ensure-archive.ts). */
const CHANGED_ARCHIVE = /^evidence\.tar\.gz\.changed-([0-9a-f]{12})$/;

function asideCheck(name: string, sha256: string | Unknown): VerifyCheck {
  const what = 'SHA-256 of an archive kept aside, as in its name';
  return same(name, what, CHANGED_ARCHIVE.exec(name)?.[1] ?? '', isUnknown(sha256) ? sha256 : sha256.slice(0, 12));
}

function isEarlierUploadLog(name: string): boolean {
  return /^70_worm_upload_stdout\.attempt-\d+\.txt$/.test(name);
}

/** Only an attempt that was killed left a log whose digest is not on record. */
function earlierLogCheck(name: string, sha256: string | Unknown, history: HistoryReader | null): VerifyCheck {
  const what = 'SHA-256, as an earlier attempt recorded it';
  if (history === null) return failed(name, what, unknown('the history could not be read'), sha256);
  if (isUnknown(sha256)) return failed(name, what, 'a file', sha256);
  const { uploadLogs, uploadWasInterrupted } = history;
  if (uploadLogs.has(sha256)) return same(name, what, sha256, sha256);
  if (!uploadWasInterrupted) return failed(name, what, 'one that is on record', sha256);
  const expected = 'not on record: an attempt was interrupted';
  return { artefact: name, what, ok: true, expected, found: sha256, unproven: true };
}

async function digestIn(evidence: EvidenceDir, name: string): Promise<string | Unknown> {
  return readable(async () => (await evidence.digest(name)).sha256);
}
