import type { SignedFiles, StepContracts } from '../config/step-contracts.js';
import { discardArchive, indexEvidence, writeArchive, type IndexedFile } from '../evidence/archive.js';
import { EvidenceError } from '../evidence/evidence-error.js';
import { EVIDENCE, isSigned } from '../evidence/layout.js';
import { ActorError, type Actor } from './actor.js';
import { refuseSecrets, scanFiles } from './refuse-secrets.js';
import { writeHistory } from './write-history.js';

type Contract = StepContracts['createArchive'];

/**
 * Runbook step 4a: writes 58_history.ndjson, 59_index.sha256 and evidence.tar.gz. What was signed is what is sealed: throws
 * SIGN_OFF_INVALIDATED naming the files that differ, EVIDENCE_CHANGED when another file changes meanwhile, SECRET_FOUND for
 * the files that were written after the scan. No archive is on disk after an error. A second attempt gives the same bytes.
 */
export const createArchive: Actor<Contract['input'], Contract['output']> = async (input, context) => {
  const { evidence, signal } = context;
  await discardArchive(evidence);
  const chainHead = await writeHistory(context, EVIDENCE.history, { after: 0, upTo: input.upToSeq });
  const files = await indexEvidence(evidence, signal);
  assertAsSigned(files, input.signedFiles);
  const ours = [EVIDENCE.secretScan, EVIDENCE.history, EVIDENCE.index];
  refuseSecrets((await scanFiles(context, ours, input.scan?.accepted)).refused);
  try {
    const { sha256, size } = await writeArchive(evidence, files, signal);
    return { sha256, size, files: files.length, chainHead };
  } catch (error) {
    throw changedWhileArchived(error, input.signedFiles);
  }
};

function assertAsSigned(files: readonly IndexedFile[], signed: SignedFiles | null): void {
  if (signed === null) return;
  const found = new Map(files.map(({ name, sha256 }) => [name, sha256]));
  const differing = Object.entries(signed).filter(([name, sha256]) => found.get(name) !== sha256);
  // What was signed is all there was of its kind: a log or a screenshot that was added later was not signed.
  const added = [...found.keys()].filter((name) => isSigned(name) && !Object.hasOwn(signed, name));
  const faults = [
    ...differing.map(([name]) => `${name} (${found.has(name) ? 'changed' : 'missing'})`),
    ...added.map((name) => `${name} (not signed)`),
  ];
  if (faults.length > 0) throw invalidated(faults);
}

function invalidated(faults: readonly string[]): ActorError {
  return new ActorError(
    'SIGN_OFF_INVALIDATED',
    `The evidence is not what was signed: ${faults.join(', ')}. No archive was written. ` +
      'Restore the signed files, or have the evidence signed again: cutover sign-off <run>',
    { details: { files: faults } },
  );
}

/** A file that changed, went away or became something else between the index and the archive. */
function changedWhileArchived(error: unknown, signed: SignedFiles | null): unknown {
  if (!(error instanceof EvidenceError) || !['CHANGED', 'MISSING', 'NOT_REGULAR'].includes(error.code)) return error;
  if (signed !== null && Object.hasOwn(signed, error.file)) return invalidated([`${error.file} (changed while it was archived)`]);
  const options = { details: { file: error.file }, cause: error };
  return new ActorError('EVIDENCE_CHANGED', `${error.message} No archive was written.`, options);
}
