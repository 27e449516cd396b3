import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { UsageError } from '../errors.js';

/** Many times what a form, a statement or a signature has. */
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * A file that was named with an option of a command that signs. Throws `UsageError`, which names option and file, for what is no file, too
 * large, or cannot be read.
 */
export async function givenFile(option: string, path: string): Promise<Buffer> {
  const refused = (why: string, cause?: unknown) =>
    new UsageError(`${option} ${path} cannot be read (${why}). Nothing was signed. Give the file.`, { cause });
  try {
    // O_NONBLOCK: a FIFO must not hang us; it is refused as no file.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const found = await file.stat();
      if (!found.isFile()) throw refused('it is no file');
      if (found.size > MAX_BYTES) throw refused(`it has ${found.size} bytes, more than ${MAX_BYTES}`);
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw refused((error as NodeJS.ErrnoException).code ?? String(error), error);
  }
}
