import { lstatSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { NO_POLICY, POLICY_FILE, type Policy } from '../config/policy.js';
import { UsageError } from './errors.js';
import { settingsFile } from './settings-file.js';

/**
 * The policy of a new run: of the named file, else of `cutover.policy.yaml` in the directory if that is there, else none. The one of the
 * directory is the site's: nobody brings another one. Throws `UsageError` for that and for a file that can't be read, `YamlFileError`
 * for one that can't be understood.
 */
export async function loadPolicy(directory: string, named: string | null): Promise<Policy> {
  const file = policyPath(directory, named);
  const own = policyPath(directory, null);
  if (file !== own && lstatSync(own, { throwIfNoEntry: false }) !== undefined) {
    throw new UsageError(
      `--policy is ${JSON.stringify(named)}, and ${own} is there: who may do what is said by that file. Leave --policy out.`,
    );
  }
  return parsed(file, named === null);
}

/** The policy as it is there now, to be compared with a frozen one: a file that is gone is none. Errors as `loadPolicy`. */
export function policyNow(file: string): Promise<Policy> {
  return parsed(file, true);
}

async function parsed(file: string, mayBeMissing: boolean): Promise<Policy> {
  const bytes = read(file, 'The policy', mayBeMissing);
  if (bytes === null) return NO_POLICY;
  const { parsePolicy } = await import('../config/policy-file.js');
  return parsePolicy(file, bytes, (name) => {
    const signers = resolve(dirname(file), name);
    return (read(signers, 'The list of allowed signers', false) as Buffer).toString('utf8');
  });
}

/** Where the policy is, or would be: absolute. */
export function policyPath(directory: string, named: string | null): string {
  return resolve(directory, named ?? POLICY_FILE);
}

function read(file: string, what: string, mayBeMissing: boolean): Buffer | null {
  return settingsFile(file, { what, mayBeMissing, advice: 'Restore it, or name another one.' });
}
