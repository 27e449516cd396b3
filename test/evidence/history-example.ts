import { genesisHash, recordHash } from '../../src/evidence/hash-chain.js';
import type { HistoryRecord } from '../../src/evidence/history-record.js';

/** A valid chain of `length` records. */
export function historyOf(runId: string, length: number): HistoryRecord[] {
  const records: HistoryRecord[] = [];
  for (let seq = 1; seq <= length; seq += 1) {
    const record = {
      run_id: runId,
      seq,
      at: `2026-02-21T12:00:${String(seq).padStart(2, '0')}Z`,
      event: { type: 'xstate.done.actor.step', output: { file: '30_rc_gates.txt', sha256: 'ab'.repeat(32), attempt: seq } },
      from: seq === 1 ? null : 'preflight',
      to: 'runningRcGates',
      who: { user: 'operator', host: 'ops.example.com', email: 'operator@example.com', level: 'asserted' as const },
      machine_version: '1',
      snapshot: { value: 'runningRcGates', context: { attempt: seq, fencing_token: 1234567890 } },
      prev_hash: records.at(-1)?.hash ?? genesisHash(runId),
    };
    records.push({ ...record, hash: recordHash(record) });
  }
  return records;
}
