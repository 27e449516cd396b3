import { createHash } from 'node:crypto';
import { canonicalJson } from '../evidence/canonical-json.js';
import { ChainVerifier } from '../evidence/hash-chain.js';
import { ActorError, type ActorContext } from './actor.js';

/**
 * Writes the run's history with seq in (`after`, `upTo`] as lines of canonical JSON. The whole chain up to `upTo` is
 * recomputed on the way, since a part of it proves nothing by itself. Returns the hash of the last record.
 * Throws HISTORY_BROKEN, HISTORY_INCOMPLETE, and SECRET_FOUND where redaction would have changed a line (its hash would be wrong).
 */
export async function writeHistory(
  context: ActorContext,
  name: string,
  { after, upTo }: { readonly after: number; readonly upTo: number },
): Promise<string> {
  const { runId, signal } = context;
  const chain = new ChainVerifier(runId);
  const hash = createHash('sha256');
  const file = await context.evidence.openLog(name);
  try {
    for await (const record of context.history({ after: 0, upTo })) {
      signal.throwIfAborted();
      const fault = chain.next(record);
      if (fault !== null) throw broken(runId, fault.seq, fault.fault);
      if (record.seq <= after) continue;
      const line = `${canonicalJson(record)}\n`;
      hash.update(line);
      await file.write(line);
    }
  } finally {
    await file.close();
  }
  if (chain.length !== upTo) throw incomplete(runId, upTo, chain.length);
  const { sha256 } = await file.close();
  if (sha256 !== hash.digest('hex')) throw secretInHistory(runId, name);
  return chain.head;
}

function broken(runId: string, seq: number, fault: string): ActorError {
  return new ActorError(
    'HISTORY_BROKEN',
    `The history of run ${runId} is not what was recorded: transition ${seq}: ${fault}. Nothing was sealed. ` +
      'Keep the database as it is and examine it with: cutover doctor',
    { details: { seq, fault } },
  );
}

function incomplete(runId: string, upTo: number, found: number): ActorError {
  return new ActorError(
    'HISTORY_INCOMPLETE',
    `The history of run ${runId} ends at transition ${found}, but ${upTo} was to be sealed. Nothing was sealed. ` +
      'Keep the database as it is and examine it with: cutover doctor',
    { details: { upTo, found } },
  );
}

function secretInHistory(runId: string, name: string): ActorError {
  return new ActorError(
    'SECRET_FOUND',
    `The history of run ${runId} holds what looks like a secret; ${name} shows where it was redacted. Nothing was sealed. ` +
      'Find the event that brought it (a reason, an error message), revoke the secret, and start a new run.',
    { details: { file: name } },
  );
}
