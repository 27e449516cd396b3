import { lstatSync } from 'node:fs';
import { UsageError } from './errors.js';
import { NamedFileError, readNamedFile } from './named-file.js';

/** Many times what a person writes. */
const LIMIT = { maxMebibytes: 1 };

/**
 * The bytes of a file of settings. Null only where there is nothing of that name, and need not be: a link that leads nowhere is a file
 * that somebody wanted to count. Throws `UsageError` with what it is (`The policy`), the path, and what to do.
 */
export function settingsFile(
  path: string,
  { what, advice, mayBeMissing }: { readonly what: string; readonly advice: string; readonly mayBeMissing: boolean },
): Buffer | null {
  try {
    return readNamedFile(path, LIMIT);
  } catch (error) {
    if (!(error instanceof NamedFileError)) throw error;
    const isLink = error.code === 'ENOENT' && lstatSync(path, { throwIfNoEntry: false }) !== undefined;
    if (error.code === 'ENOENT' && !isLink && mayBeMissing) return null;
    const why = isLink ? 'ENOENT: it is a link that leads nowhere' : error.message;
    throw new UsageError(`${what} ${path} cannot be read (${why}). Nothing was changed. ${advice}`, { cause: error });
  }
}
