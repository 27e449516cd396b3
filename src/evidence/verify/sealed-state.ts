import { z } from 'zod';
import type { HistoryRecord } from '../history-record.js';
import { unknown, type Unknown } from './check.js';

/** Used loosely: all of it is compared with the event that gave it. */
const signature = {
  runId: z.string(),
  role: z.string(),
  signer: z.string(),
  seq: z.int(),
  files: z.record(z.string(), z.string()),
};
const quorum = z.looseObject({ quorum: z.int() });

const schema = z.object({
  context: z.object({
    request: z.object({
      policy: z.looseObject({
        roles: z.looseObject({ 'db-restore-verifier': quorum, 'sre-lead': quorum, 'engineering-lead': quorum }),
      }),
    }),
    seal: z.object({ verdict: z.enum(['PASS', 'FAIL']), upToSeq: z.int() }),
    signOff: z.looseObject(signature).nullable(),
    countersignatures: z.array(z.looseObject(signature)),
    results: z.object({ capturingScope: z.unknown().optional() }),
  }),
});

/** What the transition that began the sealing recorded: the verdict, the signatures that count, the policy, whether there is a scope. */
export type SealedState = z.infer<typeof schema>['context'];

/** Reads it from the snapshot of the archive's last transition. */
export function sealedState(last: HistoryRecord | null): SealedState | Unknown {
  if (last === null) return unknown('the history has no transition');
  const result = schema.safeParse(last.snapshot);
  if (result.success) return result.data.context;
  const issue = result.error.issues[0];
  return unknown(`transition ${last.seq} began no sealing (${issue?.path.join('.') ?? 'snapshot'}: ${issue?.message ?? ''})`);
}
