import { z } from 'zod';
import type { HistoryRecord } from '../history-record.js';
import { unknown, type Unknown } from './check.js';

const schema = z.object({
  context: z.object({
    seal: z.object({ verdict: z.enum(['PASS', 'FAIL']), upToSeq: z.int() }),
    signOff: z
      // Loose: all of it is compared with the event that gave it.
      .looseObject({ runId: z.string(), signer: z.string(), seq: z.int(), files: z.record(z.string(), z.string()) })
      .nullable(),
    results: z.object({ capturingScope: z.unknown().optional() }),
  }),
});

/** What the transition that began the sealing recorded: the verdict, the sign-off that counts, whether there is a scope. */
export type SealedState = z.infer<typeof schema>['context'];

/** Reads it from the snapshot of the archive's last transition. */
export function sealedState(last: HistoryRecord | null): SealedState | Unknown {
  if (last === null) return unknown('the history has no transition');
  const result = schema.safeParse(last.snapshot);
  if (result.success) return result.data.context;
  const issue = result.error.issues[0];
  return unknown(`transition ${last.seq} began no sealing (${issue?.path.join('.') ?? 'snapshot'}: ${issue?.message ?? ''})`);
}
