import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync } from 'node:fs';
import { UsageError } from './errors.js';

/** Many times what a person writes. */
const MAX_BYTES = 1024 * 1024;

/**
 * The bytes of a file of settings. Null only where there is nothing of that name, and need not be: a link that leads nowhere is a file
 * that somebody wanted to count. Throws `UsageError` with what it is (`The policy`), the path, and what to do.
 */
export function settingsFile(
  path: string,
  { what, advice, mayBeMissing }: { readonly what: string; readonly advice: string; readonly mayBeMissing: boolean },
): Buffer | null {
  const refused = (why: string, cause?: unknown) =>
    new UsageError(`${what} ${path} cannot be read (${why}). Nothing was changed. ${advice}`, { cause });
  let file: number | null = null;
  try {
    // O_NONBLOCK: a FIFO must not hang us; it is refused as no file.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const found = fstatSync(file);
    if (!found.isFile()) throw refused('it is no file');
    if (found.size > MAX_BYTES) throw refused(`it has ${found.size} bytes, more than ${MAX_BYTES}`);
    return readFileSync(file);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') throw refused(code ?? String(error), error);
    if (isThere(path)) throw refused('ENOENT: it is a link that leads nowhere', error);
    if (mayBeMissing) return null;
    throw refused(code, error);
  } finally {
    if (file !== null) closeSync(file);
  }
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
