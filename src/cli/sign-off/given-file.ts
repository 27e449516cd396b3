import { UsageError } from '../errors.js';
import { NamedFileError, readNamedFile } from '../named-file.js';

/** Many times what a form, a statement or a signature has. */
const LIMIT = { maxMebibytes: 4 };

/**
 * A file that was named with an option of a command that signs. Throws `UsageError`, which names option and file, for what is no file, too
 * large, or cannot be read.
 */
export function givenFile(option: string, path: string): Buffer {
  try {
    return readNamedFile(path, LIMIT);
  } catch (error) {
    if (!(error instanceof NamedFileError)) throw error;
    throw new UsageError(`${option} ${path} cannot be read (${error.message}). Nothing was signed. Give the file.`, {
      cause: error,
    });
  }
}
