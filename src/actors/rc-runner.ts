import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { ActorError } from './actor.js';

/** SHA-256 (hex) of the runner's bytes. Errors: RC_RUNNER_MISSING when it cannot be read, for whatever reason. */
export async function hashRcRunner(file: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    throw rcRunnerMissing(file, `cannot be read: ${(error as Error).message}`, error);
  }
  return createHash('sha256').update(bytes).digest('hex');
}

export function rcRunnerMissing(file: string, what: string, cause: unknown): ActorError {
  return new ActorError(
    'RC_RUNNER_MISSING',
    `The RC runner ${file} ${what.replace(/[.]$/, '')}. Restore it (DPP_RC_RUNNER) and make it executable (chmod +x ${file}), then try again.`,
    { cause },
  );
}
