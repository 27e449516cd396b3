import { describe, expect, test } from '@jest/globals';
import { attestationStatement } from '../../src/evidence/attestation/statement.js';
import type { HistoryRecord } from '../../src/evidence/history-record.js';
import { manifestJson } from '../../src/evidence/manifest.js';
import { sealedFacts } from '../../src/machine/sealed-facts.js';
import { PILOT_VERSION } from '../../src/machine/version.js';
import { driftedWorld, engine, facts, RUN } from './pilot-facts.js';
import { PilotRun } from './pilot-run.js';

const UPLOAD_LOG = { file: '70_worm_upload_stdout.txt', sha256: 'c'.repeat(64), size: 7 };

/** The record of the transition that the run made last. */
function recordOf(run: PilotRun, changes: Partial<HistoryRecord> = {}): HistoryRecord {
  const at = '2026-02-21T12:05:06.789Z';
  const hashes = { prev_hash: '', hash: '' };
  const { snapshot } = run.last;
  return {
    run_id: RUN,
    seq: run.seq,
    at,
    event: { type: 'x' },
    from: null,
    to: run.state,
    who: engine,
    machine_version: PILOT_VERSION,
    snapshot,
    ...hashes,
    ...changes,
  };
}

const verified = (run: PilotRun) =>
  run.send({
    type: 'xstate.done.actor.sealing.verifying',
    output: facts['sealing.verifying'],
    attempt: 1,
    logs: [UPLOAD_LOG],
  });

const sealed = PilotRun.start().to('sealing.scanning');
const frozen = verified(sealed.to('sealing.verifying'));

describe('the facts of a sealed run', () => {
  test('are the summary that it froze, and the manifest that it wrote', () => {
    const {
      summary,
      attested,
      frozen: frozenFacts,
      manifest,
      uploadLogSha256,
    } = sealedFacts(recordOf(sealed), recordOf(frozen, { at: summaryTime(frozen) }));
    expect({ summary, attested }).toEqual(frozenFacts);
    expect(summary.verdict).toBe('PASS');
    expect(JSON.parse(manifestJson(manifest))).toMatchObject({ run_id: RUN, verdict: 'PASS', seal_seq: sealed.seq });
    expect(uploadLogSha256).toBe(UPLOAD_LOG.sha256);
  });

  test('have what was decided after the seal among the exceptions', () => {
    const drifted = sealed
      .to('sealing.verifying')
      .decide({ type: 'DRIFT_ACCEPTED', reason: 'moved', facts: ['x'], world: driftedWorld });
    const { summary } = sealedFacts(recordOf(sealed), recordOf(verified(drifted)));
    expect(summary.exceptions).toEqual([expect.stringContaining('drift accepted (x): moved')]);
    expect(summary.gitHead).toBe(frozen.context.summary?.document.gitHead);
  });

  test('can be attested whatever was decided, a finding that was accepted too', () => {
    const accepted = sealed
      .to('sealing.verifying')
      .decide({ type: 'FINDING_ACCEPTED', reason: 'an example', file: 'a', line: 1, kind: 'jwt', sha256: 'd'.repeat(64) });
    const { attested } = sealedFacts(recordOf(sealed), recordOf(verified(accepted)));
    const { exceptions } = attestationStatement(attested, { seq: 9, hash: 'c'.repeat(64) }, []).predicate;
    expect(exceptions).toEqual([expect.objectContaining({ what: expect.stringContaining('a:1 jwt'), reason: 'an example' })]);
  });

  test('have what was decided between two attempts to publish it, too', () => {
    const again = frozen.fail('S3_ACCESS_DENIED').acceptDrift().retry();
    const { summary, attested, frozen: asFrozen } = sealedFacts(recordOf(sealed), recordOf(again, { at: summaryTime(again) }));
    expect(summary.exceptions).toEqual([expect.stringContaining('drift accepted')]);
    expect({ summary, attested }).toEqual(asFrozen);
  });

  test('of what was proven before the seal, only what the archive says counts', () => {
    const forged = structuredClone(recordOf(frozen)) as HistoryRecord & {
      snapshot: { context: { signOff: { signer: string } } };
    };
    forged.snapshot.context.signOff.signer = 'somebody else';
    const { summary } = sealedFacts(recordOf(sealed), forged);
    expect(JSON.stringify(summary)).not.toContain('somebody else');
  });

  test('are as they were frozen when the sealing had failed before, and began anew', () => {
    const again = PilotRun.start().to('sealing.archiving').fail('DISK_FULL').decide({ type: 'RETRY_REQUESTED', reason: null });
    const end = verified(again.to('sealing.verifying'));
    const { summary, attested, frozen } = sealedFacts(recordOf(again), recordOf(end, { at: summaryTime(end) }));
    expect({ summary, attested }).toEqual(frozen);
    expect(attested.steps.filter(({ result }) => result !== 'PASS')).toEqual([]);
  });

  test('of a run that was sealed as failed say so', () => {
    const failed = PilotRun.start()
      .to('runningRcGates')
      .fail('RC_GATES_FAILED')
      .decide({ type: 'SEAL_REQUESTED', reason: 'kept' });
    const end = verified(failed.to('sealing.verifying'));
    const { summary, attested, frozen, manifest } = sealedFacts(recordOf(failed), recordOf(end, { at: summaryTime(end) }));
    expect([summary.verdict, manifest.verdict, { summary, attested }]).toEqual(['FAIL', 'FAIL', frozen]);
  });
});

describe('there are none', () => {
  test.each([
    [
      'of another version of the machine',
      recordOf(sealed, { machine_version: '0' }),
      recordOf(frozen),
      'is of version 0 of the machine, not',
    ],
    ['of a summary that was frozen elsewhere', recordOf(sealed), recordOf(frozen, { seq: 99 }), 'transition 99 froze no summary'],
    ['without a frozen summary', recordOf(sealed), recordOf(sealed), 'froze no summary'],
    ['without a log of the upload', recordOf(sealed), recordOf(sealed.to('summarizing')), 'recorded no digest of 70_worm'],
  ])('%s', (_what, before, after, message) => {
    expect(() => sealedFacts(before, after)).toThrow(message);
  });

  test('where an exception was taken out after the seal', () => {
    const vouched = PilotRun.start({ commitsOk: 'no list yet' }).to('sealing.scanning');
    expect(() => sealedFacts(recordOf(vouched), recordOf(frozen))).toThrow(/does not have the exceptions/);
  });
});

/** The event's time, as the frozen summary tells it. */
function summaryTime(run: PilotRun): string {
  return run.context.summary?.document.timestamp.replace('Z', '.000Z') ?? '';
}
