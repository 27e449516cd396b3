import { Transform, type Readable } from 'node:stream';
import type { StepContracts, UploadInput } from '../config/step-contracts.js';
import { EVIDENCE } from '../evidence/layout.js';
import type { Actor, ActorContext } from './actor.js';
import { ensureArchive } from './ensure-archive.js';
import type { WantedObject } from './s3/compare-version.js';
import { putLockedObject } from './s3/locked-object.js';
import { withSession } from './s3/session.js';

type Contract = StepContracts['uploadToWorm'];

/**
 * Runbook step 5a: puts the archive under its lock, or takes over what an earlier attempt has stored. The requests and S3's
 * answers go to 70_worm_upload_stdout.txt. That a PUT begins is on record before it does. Errors: `putLockedObject`, ARCHIVE_CHANGED.
 */
export const uploadToWorm: Actor<Contract['input'], Contract['output']> = async (input, context) => {
  const log = await context.openLog(EVIDENCE.uploadLog);
  try {
    await ensureArchive(context, input.archive);
    const object = { ...wantedArchive(input), md5: input.archive.md5, body: () => archiveBody(input, context) };
    const report = () => context.report({ type: 'UPLOAD_BEGUN', key: input.key });
    const write = (line: string) => log.write(`${line}\n`);
    return await withSession(input.settings, context, write, (session) => putLockedObject(session, object, report));
  } finally {
    await log.close();
  }
};

/** The archive as it is to lie in the bucket. */
export function wantedArchive({ key, archive, settings, retainUntil }: UploadInput): WantedObject {
  return { key, size: archive.size, sha256: archive.sha256, mode: settings.lockMode, retainUntil };
}

const PROGRESS_MS = 1000;

function archiveBody({ archive }: UploadInput, context: ActorContext): Readable {
  let sent = 0;
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
  const file = context.evidence.stream(EVIDENCE.archive);
  file.once('error', (error) => counter.destroy(error));
  counter.once('close', () => file.destroy());
  return file.pipe(counter);
}
