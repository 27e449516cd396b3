import { createHash } from 'node:crypto';
import type { RunRequest } from '../config/settings.js';
import type { Difference } from './errors.js';
import { policyNow } from './load-policy.js';

/** How the policy, of two files, is another one now than the frozen one, which stays in force. Errors: those of `loadPolicy`. */
export async function policyDifferences({ policy: frozen, policyFile }: RunRequest): Promise<Difference[]> {
  const now = await policyNow(policyFile);
  const compared: readonly [what: string, frozen: string | null, now: string | null][] = [
    ['policy', frozen.sha256, now.sha256],
    ['allowed signers', textDigest(frozen.allowedSigners), textDigest(now.allowedSigners)],
  ];
  return compared
    .filter(([, before, after]) => before !== after)
    .map(([what, before, after]) => ({ what, frozen: before ?? '(none)', now: after ?? '(none)' }));
}

function textDigest(text: string | null): string | null {
  return text === null ? null : createHash('sha256').update(text).digest('hex');
}
