/** Failures as the API server writes them: a `Status` object whose reason and details kubectl turns into its message. */
import { qualifiedName, type Resource } from './resources.js';

export class StatusError extends Error {
  constructor(
    readonly code: number,
    readonly reason: string,
    message: string,
    readonly details: Record<string, unknown> = {},
  ) {
    super(message);
  }

  toJSON(): Record<string, unknown> {
    return statusBody(this.code, this.reason, this.message, this.details);
  }
}

export function statusBody(code: number, reason: string, message: string, details: Record<string, unknown> = {}) {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, details, code };
}

export function notFound(resource: Resource, name: string): StatusError {
  return new StatusError(404, 'NotFound', `${qualifiedName(resource)} "${name}" not found`, detailsOf(resource, name));
}

export function alreadyExists(resource: Resource, name: string): StatusError {
  return new StatusError(409, 'AlreadyExists', `${qualifiedName(resource)} "${name}" already exists`, detailsOf(resource, name));
}

export function forbidden(resource: Resource, name: string, message: string): StatusError {
  return new StatusError(403, 'Forbidden', message, detailsOf(resource, name));
}

export function conflict(resource: Resource, name: string): StatusError {
  const message =
    `Operation cannot be fulfilled on ${qualifiedName(resource)} "${name}": ` +
    'the object has been modified; please apply your changes to the latest version and try again';
  return new StatusError(409, 'Conflict', message, detailsOf(resource, name));
}

export function invalid(resource: Resource, name: string, field: string, problem: string): StatusError {
  const message = `${resource.kind}${resource.group && `.${resource.group}`} "${name}" is invalid: ${field}: ${problem}`;
  const causes = [{ reason: 'FieldValueInvalid', message: problem, field }];
  return new StatusError(422, 'Invalid', message, { name, group: resource.group, kind: resource.kind, causes });
}

export function badRequest(message: string): StatusError {
  return new StatusError(400, 'BadRequest', message);
}

export function unsupportedMediaType(sent: string, accepted: string[]): StatusError {
  const message = `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')} (got ${sent})`;
  return new StatusError(415, 'UnsupportedMediaType', message);
}

export function methodNotAllowed(): StatusError {
  return new StatusError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource');
}

/** What a watch or list with a forgotten resource version gets. */
export function expired(asked: number, oldest: number): StatusError {
  return new StatusError(410, 'Expired', `too old resource version: ${asked} (${oldest})`);
}

/** The `reason` that goes with an HTTP status when nothing more is known; used for injected faults. */
export function reasonFor(code: number): string {
  const reasons: Record<number, string> = {
    400: 'BadRequest',
    401: 'Unauthorized',
    403: 'Forbidden',
    404: 'NotFound',
    409: 'Conflict',
    422: 'Invalid',
    429: 'TooManyRequests',
    500: 'InternalError',
    503: 'ServiceUnavailable',
    504: 'Timeout',
  };
  return reasons[code] ?? 'Unknown';
}

function detailsOf(resource: Resource, name: string): Record<string, unknown> {
  return { name, group: resource.group, kind: resource.name };
}
