import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, fsyncSync, openSync, readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { parseArgs } from 'node:util';
import { ActorError } from '../../src/actors/actor.js';
import { createS3Client } from '../../src/actors/s3/client.js';
import { putLockedObject, verifyLockedObject } from '../../src/actors/s3/locked-object.js';
import type { LockedObject } from '../../src/actors/s3/multipart-upload.js';
import { compositeChecksum, digestParts, type Part } from '../../src/actors/s3/parts.js';
import type { S3Session } from '../../src/actors/s3/session.js';

/**
 * Seals objects until each of them is sealed, as often as it is started anew: what a run commits is here a line of a file. Prints a
 * line for each request and each answer, so that whoever watches can kill it between any two. Ends with 1 at an error that is not
 * transient.
 */
const { values } = parseArgs({
  options: {
    url: { type: 'string', default: '' },
    bucket: { type: 'string', default: '' },
    record: { type: 'string', default: '' },
    'access-key': { type: 'string', default: '' },
    'secret-key': { type: 'string', default: '' },
    count: { type: 'string', default: '1' },
    'at-once': { type: 'string', default: '1' },
  },
});
const RETAIN_UNTIL = '2099-02-21T12:05:00Z';
const record = openSync(values.record, 'a');
const [uploads, sealed] = [new Map<string, string>(), new Set<string>()];
for (const line of existsSync(values.record) ? readFileSync(values.record, 'utf8').split('\n') : []) {
  const [word, key = '', uploadId = ''] = line.split(' ');
  if (word === 'begun') uploads.set(key, uploadId);
  if (word === 'sealed') sealed.add(key);
}

const client = await createS3Client(
  { awsRegion: 'ap-northeast-2', awsProfile: null },
  { AWS_ENDPOINT_URL_S3: values.url, AWS_ACCESS_KEY_ID: values['access-key'], AWS_SECRET_ACCESS_KEY: values['secret-key'] },
  { idleMs: 2_000, owner: null },
);
const session: S3Session = {
  client,
  bucket: values.bucket,
  region: 'ap-northeast-2',
  signal: new AbortController().signal,
  log: (line) => Promise.resolve(void process.stdout.write(`${line}\n`)),
};
const left = Array.from({ length: Number(values.count) }, (_, number) => `seals/${number}/evidence.tar.gz`).filter(
  (key) => !sealed.has(key),
);
await Promise.all(
  Array.from({ length: Number(values['at-once']) }, async () => {
    for (let key = left.shift(); key !== undefined; key = left.shift()) await seal(key);
  }),
);
client.destroy();

async function seal(key: string): Promise<void> {
  const object = await objectAt(key);
  for (;;) {
    try {
      const begun = (uploadId: string) => Promise.resolve(commit(`begun ${key} ${uploadId}`, () => uploads.set(key, uploadId)));
      const upload = await putLockedObject(session, object, { uploadId: uploads.get(key) ?? null, begun });
      await verifyLockedObject(session, object, upload);
      commit(`sealed ${key} ${upload.versionId}`, () => sealed.add(key));
      return;
    } catch (error) {
      if (!(error instanceof ActorError) || error.options.transient !== true) throw error;
    }
  }
}

/** Some kilobytes that are of this key alone, the same at every start. */
async function objectAt(key: string): Promise<LockedObject> {
  const bytes = Buffer.concat(Array.from({ length: 100 }, (_, at) => createHash('sha256').update(`${key} ${at}`).digest()));
  const { parts, ...digested } = await digestParts(Readable.from([bytes]), bytes.length);
  const body = ({ start, size }: Part) => Readable.from([bytes.subarray(start, start + size)]);
  const lock = { mode: 'GOVERNANCE', retainUntil: RETAIN_UNTIL } as const;
  return { key, ...digested, composite: compositeChecksum(parts), ...lock, parts, body };
}

function commit(line: string, then: () => void): void {
  appendFileSync(record, `${line}\n`);
  fsyncSync(record);
  then();
}
