import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { basename, delimiter, isAbsolute, join, resolve } from 'node:path';
import { ActorError } from '../actor.js';

/**
 * The absolute path of a command: a name is looked for in `path` (the PATH), a path with a slash is taken from `cwd`.
 * Errors: COMMAND_NOT_FOUND, COMMAND_NOT_EXECUTABLE.
 */
export async function findCommand(file: string, path: string | undefined, cwd: string): Promise<string> {
  if (file.includes('/')) {
    const found = resolve(cwd, file);
    switch (await kindOf(found)) {
      case 'executable':
        return found;
      case 'file':
        throw notExecutable(found);
      case 'none':
        throw new ActorError('COMMAND_NOT_FOUND', `${found} does not exist. Restore it, or correct the path.`, {
          details: { file: found },
        });
    }
  }
  let present: string | null = null;
  // Without a PATH there is nowhere to look: an empty one would mean the working directory.
  for (const folder of path?.split(delimiter) ?? []) {
    const found = join(isAbsolute(folder) ? folder : resolve(cwd, folder), file);
    const kind = await kindOf(found);
    if (kind === 'executable') return found;
    if (kind === 'file') present ??= found;
  }
  if (present !== null) throw notExecutable(present);
  throw new ActorError(
    'COMMAND_NOT_FOUND',
    `${file} is not on the PATH (${path ?? 'not set'}). Install it, or extend the PATH.`,
    {
      details: { file },
    },
  );
}

/** Whether there was no such command to run: none of that name, or none that this user may execute. Nothing was started then. */
export function couldNotBegin(error: unknown): error is ActorError {
  return error instanceof ActorError && (error.code === 'COMMAND_NOT_FOUND' || error.code === 'COMMAND_NOT_EXECUTABLE');
}

function notExecutable(file: string): ActorError {
  return new ActorError('COMMAND_NOT_EXECUTABLE', `${file} is not executable for this user. Run: chmod +x ${file}`, {
    details: { file, name: basename(file) },
  });
}

async function kindOf(file: string): Promise<'executable' | 'file' | 'none'> {
  try {
    if (!(await stat(file)).isFile()) return 'none';
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (['ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP'].includes(code)) return 'none';
    throw error;
  }
  try {
    await access(file, constants.X_OK);
    return 'executable';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error;
    return 'file';
  }
}
