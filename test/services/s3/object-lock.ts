import type { StoredVersion } from './bucket.js';
import { futureDate } from './lock-headers.js';
import type { OperationContext } from './operation.js';
import { readableVersion } from './read-object.js';
import { xmlReply, type Reply } from './reply.js';
import { declaredBody, vouchesForBody } from './request-body.js';
import { assertRetentionChange, isLockMode, type Retention } from './retention.js';
import { invalidRequest, malformedXml, missingLockConfiguration, S3Error } from './s3-error.js';
import { readXmlBody } from './xml-body.js';
import { textOf, type XmlNode } from './xml.js';

/** GetObjectRetention; 404 NoSuchObjectLockConfiguration for a version without one. */
export function getObjectRetention(context: OperationContext): Reply {
  const { retention } = lockableVersion(context);
  if (!retention) throw noLockOnObject();
  return xmlReply('Retention', { Mode: retention.mode, RetainUntilDate: retention.retainUntil.toISOString() });
}

/** GetObjectLegalHold; 404 NoSuchObjectLockConfiguration for a version that never had one. */
export function getObjectLegalHold(context: OperationContext): Reply {
  const { legalHold } = lockableVersion(context);
  if (legalHold === undefined) throw noLockOnObject();
  return xmlReply('LegalHold', { Status: legalHold ? 'ON' : 'OFF' });
}

/** PutObjectRetention: anyone with the permission may extend, only the bypass loosens GOVERNANCE, nothing loosens COMPLIANCE. */
export async function putObjectRetention(context: OperationContext): Promise<Reply> {
  const { account, request, bucket } = context;
  const version = lockableVersion(context);
  if (!vouchesForBody(declaredBody(request)))
    throw invalidRequest('Missing required header for this request: Content-MD5 OR x-amz-checksum-*');
  const next = parseRetention(await readXmlBody(request), account.now());
  assertRetentionChange(version, next, account.now(), bypasses(context));
  version.retention = next;
  return { status: 200, headers: { 'content-length': '0', ...(bucket.versioning && { 'x-amz-version-id': version.versionId }) } };
}

/** Whether the caller asks to bypass GOVERNANCE; throws 403 when he asks and may not. */
export function bypasses({ account, request, bucket }: OperationContext): boolean {
  if (request.header('x-amz-bypass-governance-retention')?.toLowerCase() !== 'true') return false;
  account.assertAllowed('s3:BypassGovernanceRetention', `${bucket.name}/${request.key}`);
  return true;
}

function lockableVersion({ account, request, bucket }: OperationContext): StoredVersion {
  if (!bucket.objectLock) throw missingLockConfiguration();
  return readableVersion(account, bucket, request);
}

/** An empty Retention element asks to remove the retention. */
function parseRetention(body: XmlNode | undefined, now: Date): Retention | undefined {
  if (body?.name !== 'Retention') throw malformedXml();
  const mode = textOf(body, 'Mode');
  const until = textOf(body, 'RetainUntilDate');
  if (mode === undefined && until === undefined) return undefined;
  if (!isLockMode(mode) || until === undefined) throw malformedXml();
  return { mode, retainUntil: futureDate(until, now, 'RetainUntilDate') };
}

const noLockOnObject = () =>
  new S3Error(404, 'NoSuchObjectLockConfiguration', 'The specified object does not have a ObjectLock configuration');
