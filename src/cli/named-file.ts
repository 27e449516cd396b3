import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';

/** Why a file that a person named is not read, in words that fit into brackets. */
export class NamedFileError extends Error {
  constructor(
    why: string,
    /** As the system has it (ENOENT...); null for what can be opened, and is not what it should be. */
    readonly code: string | null,
    options?: ErrorOptions,
  ) {
    super(why, options);
  }
}

const MEBIBYTE = 1024 * 1024;

/** The bytes of a file that a person named. Throws `NamedFileError` for what is no file, too large, or cannot be read. */
export function readNamedFile(path: string, { maxMebibytes }: { readonly maxMebibytes: number }): Buffer {
  let file: number | null = null;
  try {
    // O_NONBLOCK: a FIFO must not hang us; it is refused as no file.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const found = fstatSync(file);
    if (!found.isFile()) throw new NamedFileError('it is no file', null);
    const mebibytes = Math.ceil(found.size / MEBIBYTE);
    if (mebibytes > maxMebibytes) throw new NamedFileError(`it has ${mebibytes} MiB, more than ${maxMebibytes}`, null);
    return readFileSync(file);
  } catch (error) {
    if (error instanceof NamedFileError) throw error;
    const { code = String(error) } = error as NodeJS.ErrnoException;
    throw new NamedFileError(code, code, { cause: error });
  } finally {
    if (file !== null) closeSync(file);
  }
}
