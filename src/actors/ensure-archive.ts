import type { ArchiveFacts } from '../config/step-contracts.js';
import { discardArchive, indexEvidence, writeArchive } from '../evidence/archive.js';
import type { WrittenFile } from '../evidence/evidence-dir.js';
import { EVIDENCE } from '../evidence/layout.js';
import type { ActorContext } from './actor.js';
import { archiveChanged, archiveOnDisk, writeArchiveDigest } from './hash-archive.js';

/**
 * Makes sure that the recorded archive is on disk before it is uploaded, and its digest file beside it. One that was lost or changed is
 * made again: the same evidence gives the same bytes. A changed one is kept aside. Throws ARCHIVE_CHANGED when the evidence is not the
 * same any more.
 */
export async function ensureArchive(context: ActorContext, archive: ArchiveFacts): Promise<void> {
  const found = await archiveOnDisk(context.evidence);
  const isRecorded = found?.sha256 === archive.sha256 && found.size === archive.size;
  if (!isRecorded) await makeAgain(context, archive, found);
  // Always: with an archive its digest file goes as well, and whoever made it again may have been killed before this.
  await writeArchiveDigest(context.evidence, archive);
}

async function makeAgain(
  { evidence, signal, progress }: ActorContext,
  archive: ArchiveFacts,
  found: WrittenFile | null,
): Promise<void> {
  if (found !== null) await evidence.rename(EVIDENCE.archive, `${EVIDENCE.archive}.changed-${found.sha256.slice(0, 12)}`);
  progress(`${EVIDENCE.archive} is ${found === null ? 'lost' : 'changed'}: making it again from the evidence`);
  const made = await writeArchive(evidence, await indexEvidence(evidence, signal), signal);
  if (made.sha256 === archive.sha256) return;
  await discardArchive(evidence);
  throw archiveChanged(evidence, archive, made);
}
