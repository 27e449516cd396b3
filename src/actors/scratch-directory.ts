import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ActorError } from './actor.js';

/** Calls `use` with a new directory that only we may read, and deletes it afterwards. Errors: TMPDIR_UNUSABLE. */
export async function withScratchDirectory<T>(purpose: string, use: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), `cutover-${purpose}-`)).catch((error: unknown) => {
    throw unusable(error);
  });
  try {
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function unusable(error: unknown): ActorError {
  const reason = (error as NodeJS.ErrnoException).code ?? String(error);
  return new ActorError(
    'TMPDIR_UNUSABLE',
    `No directory could be made below ${tmpdir()} (${reason}). Set TMPDIR to a directory that you may write, and that has room.`,
    { cause: error },
  );
}
