import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { NO_POLICY, type Policy } from '../config/policy.js';
import { UsageError } from './errors.js';

/** Looked for in the directory of the run when no other one is named. */
export const POLICY_FILE = 'cutover.policy.yaml';

/**
 * The policy of a new run: of the named file, else of `cutover.policy.yaml` in the directory if that is there, else none.
 * Throws `UsageError` for a file that can't be read, `YamlFileError` for one that can't be understood.
 */
export async function loadPolicy(directory: string, named: string | null): Promise<Policy> {
  const file = policyPath(directory, named);
  const bytes = read(file, named === null);
  if (bytes === null) return NO_POLICY;
  const { parsePolicy } = await import('../config/policy-file.js');
  return parsePolicy(file, bytes, (name) => {
    const signers = resolve(dirname(file), name);
    return (read(signers, false) as Buffer).toString('utf8');
  });
}

/** Where the policy is, or would be: absolute. */
export function policyPath(directory: string, named: string | null): string {
  return resolve(directory, named ?? POLICY_FILE);
}

function read(file: string, mayBeMissing: boolean): Buffer | null {
  try {
    return readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (mayBeMissing && code === 'ENOENT') return null;
    throw new UsageError(
      `${file} cannot be read (${code ?? String(error)}). Nothing was changed. Restore it, or name another one.`,
      {
        cause: error,
      },
    );
  }
}
