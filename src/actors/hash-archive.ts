import type { ArchiveFacts, StepContracts } from '../config/step-contracts.js';
import type { EvidenceDir, WrittenFile } from '../evidence/evidence-dir.js';
import { indexText } from '../evidence/index-file.js';
import { EVIDENCE } from '../evidence/layout.js';
import { ActorError, type Actor } from './actor.js';

type Contract = StepContracts['hashArchive'];

/** Runbook step 4b: reads the archive back from disk and writes evidence.tar.gz.sha256, for `sha256sum -c`. Throws ARCHIVE_CHANGED. */
export const hashArchive: Actor<Contract['input'], Contract['output']> = async ({ archive }, { evidence }) => {
  await assertArchiveOnDisk(evidence, archive);
  await writeArchiveDigest(evidence, archive);
  return { sha256: archive.sha256, size: archive.size };
};

export async function writeArchiveDigest(evidence: EvidenceDir, { sha256 }: Pick<ArchiveFacts, 'sha256'>): Promise<void> {
  await evidence.write(EVIDENCE.archiveDigest, indexText([{ name: EVIDENCE.archive, sha256 }]));
}

/** Throws ARCHIVE_CHANGED unless evidence.tar.gz has the bytes that were recorded when it was made. */
async function assertArchiveOnDisk(evidence: EvidenceDir, archive: ArchiveFacts): Promise<void> {
  const found = await archiveOnDisk(evidence);
  if (found?.sha256 !== archive.sha256 || found.size !== archive.size) throw archiveChanged(evidence, archive, found);
}

/** The archive as it is on disk now; null when there is none. */
export async function archiveOnDisk(evidence: EvidenceDir): Promise<WrittenFile | null> {
  return (await evidence.exists(EVIDENCE.archive)) ? evidence.digest(EVIDENCE.archive) : null;
}

export function archiveChanged(evidence: EvidenceDir, archive: ArchiveFacts, found: WrittenFile | null): ActorError {
  return new ActorError(
    'ARCHIVE_CHANGED',
    `${EVIDENCE.archive} in ${evidence.path} is not the archive that was made: SHA-256 ${archive.sha256} (${archive.size} bytes) ` +
      `recorded, ${found === null ? 'no file' : `${found.sha256} (${found.size} bytes)`} found. ` +
      'Find out what changed it or the evidence, restore that, then: cutover retry <run>',
    { details: { expected: { sha256: archive.sha256, size: archive.size }, found } },
  );
}
