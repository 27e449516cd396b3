import type { OperationContext } from './operation.js';
import { isLockMode, type Retention } from './retention.js';
import { invalidArgument, missingLockConfiguration } from './s3-error.js';
import type { S3Request } from './s3-request.js';

export interface RequestedLock {
  readonly retention: Retention | undefined;
  readonly legalHold: boolean | undefined;
}

/** The lock that a put asks for. Throws 403 to whom it is not allowed, 400 where the bucket has no Object Lock or a header is wrong. */
export function permittedLock({ account, request, bucket }: OperationContext): RequestedLock {
  const lock = requestedLock(request, account.now());
  const resource = `${bucket.name}/${request.key}`;
  if (lock.retention) account.assertAllowed('s3:PutObjectRetention', resource);
  if (lock.legalHold !== undefined) account.assertAllowed('s3:PutObjectLegalHold', resource);
  if ((lock.retention || lock.legalHold !== undefined) && !bucket.objectLock) throw missingLockConfiguration();
  return lock;
}

/** The `x-amz-object-lock-*` headers of a put; throws 400 InvalidArgument for one that is wrong or lacks its other half. */
function requestedLock(request: S3Request, now: Date): RequestedLock {
  const mode = request.header('x-amz-object-lock-mode');
  const until = request.header('x-amz-object-lock-retain-until-date');
  const hold = request.header('x-amz-object-lock-legal-hold');
  if (hold !== undefined && hold !== 'ON' && hold !== 'OFF') {
    throw invalidArgument("Legal Hold must be either of 'ON' or 'OFF'", 'x-amz-object-lock-legal-hold', hold);
  }
  const legalHold = hold === undefined ? undefined : hold === 'ON';
  if (mode === undefined && until === undefined) return { retention: undefined, legalHold };
  if (mode === undefined || until === undefined) {
    const missing = mode === undefined ? 'x-amz-object-lock-mode' : 'x-amz-object-lock-retain-until-date';
    throw invalidArgument('x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied', missing);
  }
  if (!isLockMode(mode)) throw invalidArgument('Unknown wormMode directive.', 'x-amz-object-lock-mode', mode);
  return { retention: { mode, retainUntil: futureDate(until, now, 'x-amz-object-lock-retain-until-date') }, legalHold };
}

/** Parses an ISO 8601 date that has to lie in the future; throws 400 InvalidArgument. */
export function futureDate(text: string, now: Date, argument: string): Date {
  const date = new Date(/^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d)$/.test(text) ? text : Number.NaN);
  if (Number.isNaN(date.getTime())) {
    throw invalidArgument('The retain until date must be provided in ISO 8601 format', argument, text);
  }
  if (date <= now) throw invalidArgument('The retain until date must be in the future!', argument, text);
  return date;
}
