import { Transform, type Readable } from 'node:stream';
import type { StepContracts, UploadInput } from '../config/step-contracts.js';
import { EVIDENCE } from '../evidence/layout.js';
import type { Actor, ActorContext } from './actor.js';
import { ensureArchive } from './ensure-archive.js';
import { archiveChanged } from './hash-archive.js';
import type { WantedObject } from './s3/compare-version.js';
import { putLockedObject, uploadRecord } from './s3/locked-object.js';
import type { LockedObject } from './s3/multipart-upload.js';
import { compositeChecksum, digestParts, type Part } from './s3/parts.js';
import { withSession } from './s3/session.js';

type Contract = StepContracts['uploadToWorm'];

/**
 * Runbook step 5a: puts the archive under its lock, or takes over what an earlier attempt has stored. The requests and S3's
 * answers go to 70_worm_upload_stdout.txt. Which upload was begun is on record before its first part is sent. Errors:
 * `putLockedObject`, ARCHIVE_CHANGED.
 */
export const uploadToWorm: Actor<Contract['input'], Contract['output']> = async (input, context) => {
  const log = await context.openLog(EVIDENCE.uploadLog);
  try {
    await ensureArchive(context, input.archive);
    const object = await archiveInParts(input, context);
    const write = (line: string) => log.write(`${line}\n`);
    return await withSession(input, context, write, (session) =>
      putLockedObject(session, object, uploadRecord(input, context, input.key)),
    );
  } finally {
    await log.close();
  }
};

/** The archive as it is to lie in the bucket. */
export function wantedArchive({ key, archive, settings, retainUntil }: UploadInput, composite: string): WantedObject {
  return { key, size: archive.size, sha256: archive.sha256, composite, mode: settings.lockMode, retainUntil };
}

/** S3 compares each part with its digest, so these must be of the very bytes that were recorded. */
async function archiveInParts(input: UploadInput, context: ActorContext): Promise<LockedObject> {
  const { evidence } = context;
  const { archive } = input;
  const found = await digestParts(evidence.stream(EVIDENCE.archive), archive.size);
  if (found.sha256 !== archive.sha256) throw archiveChanged(evidence, archive, found);
  const { parts } = found;
  return { ...wantedArchive(input, compositeChecksum(parts)), parts, body: (part) => archiveBody(input, part, context) };
}

const PROGRESS_MS = 1000;

function archiveBody({ archive }: UploadInput, { start, size }: Part, context: ActorContext): Readable {
  let sent = start;
  let shownAt = performance.now();
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sent += chunk.length;
      if (performance.now() - shownAt >= PROGRESS_MS || sent === archive.size) {
        shownAt = performance.now();
        context.progress(`Uploading ${EVIDENCE.archive}: ${sent} of ${archive.size} bytes`);
      }
      done(null, chunk);
    },
  });
  const file = context.evidence.stream(EVIDENCE.archive, { start, end: start + size });
  file.once('error', (error) => counter.destroy(error));
  counter.once('close', () => file.destroy());
  return file.pipe(counter);
}
