/** What kind of trouble with evidence it is; stable, for callers that act on it. */
export type EvidenceErrorCode =
  'UNSAFE_NAME' | 'NOT_REGULAR' | 'MISSING' | 'EXISTS' | 'TOO_LARGE' | 'CLOSED' | 'CHANGED' | 'READ_FAILED' | 'WRITE_FAILED';

/** Evidence could not be read or written. `message` has three parts: what happened, which file, what to do. */
export class EvidenceError extends Error {
  override readonly name = 'EvidenceError';
  constructor(
    readonly code: EvidenceErrorCode,
    /** The file, as it was named by the caller. */
    readonly file: string,
    what: string,
    todo: string,
    options?: ErrorOptions,
  ) {
    super(`${what}: ${JSON.stringify(file)}. ${todo}`, options);
  }
}

/** Turns an error of the file system into an `EvidenceError`; one that is an `EvidenceError` already is returned as it is. */
export function toEvidenceError(error: unknown, doing: 'read' | 'write', file: string): EvidenceError {
  if (error instanceof EvidenceError) return error;
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
  const options = { cause: error };
  switch (code) {
    case 'ENOENT':
      return new EvidenceError(
        'MISSING',
        file,
        'There is no such evidence file',
        'Restore it, or run the step again that writes it.',
        options,
      );
    case 'ELOOP':
      return notRegular(file, 'a symbolic link', options);
    case 'ENOTDIR':
    case 'EISDIR':
    case 'ENXIO':
      return notRegular(file, 'something other than a regular file', options);
    default:
      return doing === 'read'
        ? new EvidenceError(
            'READ_FAILED',
            file,
            `Evidence could not be read (${code})`,
            'Check its permissions and the disk.',
            options,
          )
        : new EvidenceError(
            'WRITE_FAILED',
            file,
            `Evidence could not be written (${code})`,
            'Check permissions and free space.',
            options,
          );
  }
}

/** Evidence is made of regular files in real directories: anything else could show one thing now and another one later. */
export function notRegular(file: string, found: string, options?: ErrorOptions): EvidenceError {
  return new EvidenceError(
    'NOT_REGULAR',
    file,
    `Evidence must be a regular file, this is ${found}`,
    'Replace it by a copy of its content.',
    options,
  );
}
