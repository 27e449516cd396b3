import { createHash } from 'node:crypto';
import type { S3 } from '@aws-sdk/client-s3';
import type { LockedObject } from '../../../src/actors/s3/multipart-upload.js';
import type { S3Session } from '../../../src/actors/s3/session.js';
import { inOnePart } from '../sealing-context.js';

type Operation =
  | ('headObject' | 'getObject' | 'getObjectRetention' | 'putObjectRetention' | 'listObjectVersions')
  | ('listMultipartUploads' | 'listParts' | 'createMultipartUpload' | 'uploadPart')
  | ('completeMultipartUpload' | 'abortMultipartUpload');
/** What the client answers to one call of an operation after the other: a list for each; an Error is thrown, a promise kept. */
export type Script = Partial<Record<Operation, readonly object[]>>;

export interface ScriptedSession extends S3Session {
  /** What was asked, in order. */
  readonly calls: readonly (readonly [operation: string, input: unknown])[];
  readonly lines: readonly string[];
}

/** A session whose client answers from a script: for what is made of S3's answers. A call that is not in the script fails. */
export function scriptedSession(script: Script, signal: AbortSignal = new AbortController().signal): ScriptedSession {
  const calls: [string, unknown][] = [];
  const lines: string[] = [];
  const left = new Map(Object.entries(script).map(([operation, answers]) => [operation, [...answers]]));
  const answer = (operation: string) => (input: unknown, options: { readonly abortSignal?: AbortSignal }) => {
    calls.push([operation, input]);
    if (options.abortSignal !== signal) return Promise.reject(new Error(`${operation} cannot be stopped`));
    const next = left.get(operation)?.shift() ?? new Error(`there is no further answer to ${operation}`);
    if (next instanceof Promise) return next;
    return next instanceof Error
      ? Promise.reject(next)
      : Promise.resolve({ $metadata: { httpStatusCode: 200, requestId: 'R1' }, ...next });
  };
  const client = new Proxy({}, { get: (_target, operation) => answer(String(operation)) }) as S3;
  return {
    client,
    bucket: 'worm',
    region: 'ap-northeast-2',
    signal,
    log: (line) => Promise.resolve(void lines.push(line)),
    calls,
    lines,
  };
}

export const KEY = 'evidence/run/evidence.tar.gz';
export const CONTENT = Buffer.from('an archive of evidence');
export const SHA256 = createHash('sha256').update(CONTENT).digest('hex');
export const CHECKSUM = createHash('sha256').update(CONTENT).digest('base64');
export const RETAIN_UNTIL = '2099-02-21T12:05:00Z';

export function lockedObject(changes: Partial<LockedObject> = {}): LockedObject {
  return { key: KEY, ...inOnePart(CONTENT), ...changes };
}

/** The answer to HEAD for the locked object, as S3 gives it. */
export function head(versionId: string, changes: object = {}): object {
  return {
    VersionId: versionId,
    ContentLength: CONTENT.length,
    ETag: '"e1"',
    ObjectLockMode: 'GOVERNANCE',
    ObjectLockRetainUntilDate: new Date(RETAIN_UNTIL),
    ChecksumSHA256: CHECKSUM,
    ChecksumType: 'FULL_OBJECT',
    ...changes,
  };
}

/** The whole list of what lies at the key. */
export function listing(versions: readonly string[], deleteMarkers: readonly string[] = []): object {
  const at = (ids: readonly string[]) => ids.map((VersionId) => ({ Key: KEY, VersionId, ETag: `"e${VersionId.slice(1)}"` }));
  return { IsTruncated: false, Versions: at(versions), DeleteMarkers: at(deleteMarkers) };
}
