import { createHash } from 'node:crypto';
import type { Policy } from '../config/policy.js';
import type { PilotContext } from '../machine/context.js';
import { canonicalSha256 } from '../evidence/canonical-json.js';
import type { Difference } from './errors.js';
import { policyNow } from './load-policy.js';

/** How the policy is another one now than the frozen one, which stays in force. */
export interface PolicyDrift {
  readonly differences: readonly Difference[];
  /** Of the one that is there now; null where that is the frozen one. */
  readonly sha256: string | null;
}

/** Reads the policy's file again. One that was accepted on the record is no difference any more. Errors: those of `loadPolicy`. */
export async function policyDrift({ request, acceptedPolicy }: PilotContext): Promise<PolicyDrift> {
  const { policy: frozen, policyFile } = request;
  const now = await policyNow(policyFile);
  const sha256 = digestOf(now);
  if (sha256 === digestOf(frozen)) return { differences: [], sha256: null };
  if (sha256 === acceptedPolicy) return { differences: [], sha256 };
  const compared: readonly [what: string, frozen: string | null, now: string | null][] = [
    ['policy', frozen.sha256, now.sha256],
    ['allowed signers', textDigest(frozen.allowedSigners), textDigest(now.allowedSigners)],
  ];
  return {
    sha256,
    differences: compared
      .filter(([, before, after]) => before !== after)
      .map(([what, before, after]) => ({ what, frozen: before ?? '(none)', now: after ?? '(none)' })),
  };
}

/** Of the two files that it is made of. */
function digestOf({ sha256, allowedSigners }: Policy): string {
  return canonicalSha256({ sha256, allowedSigners });
}

function textDigest(text: string | null): string | null {
  return text === null ? null : createHash('sha256').update(text).digest('hex');
}
