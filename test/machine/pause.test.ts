import { describe, expect, test } from '@jest/globals';
import { NO_POLICY } from '../../src/config/policy.js';
import type { RunEvent } from '../../src/engine/definition.js';
import { pauseDeadlines } from '../../src/machine/pause.js';
import { advance } from '../../src/engine/advance.js';
import { operator, RUN, signOff } from './pilot-facts.js';
import { definition, PilotRun } from './pilot-run.js';

const PAUSE = 'awaitingDbVerification';
const HOUR_MS = 3_600_000;

const waiting = (pause: { expiresAfterHours: number | null; remindAfterHours: number[] }) =>
  PilotRun.start({ policy: { ...NO_POLICY, pause } }).to(PAUSE);
const forTwoDays = () => waiting({ expiresAfterHours: 48, remindAfterHours: [12, 24] });
const enteredAt = ({ context }: PilotRun) => Date.parse(context.pause?.enteredAt ?? '');

/** What becomes of an event that is recorded so many milliseconds after the pause was entered. */
function at(run: PilotRun, ms: number, event: RunEvent) {
  const recorded = { ...event, at: new Date(enteredAt(run) + ms).toISOString(), seq: run.seq + 1, who: operator };
  return advance(definition, RUN, run.last.snapshot, recorded);
}

describe('the human pause', () => {
  test('remembers when and by which transition it was entered, and until when it can be signed', () => {
    const run = forTwoDays();
    expect(run.context.pause).toEqual({
      enteredAt: expect.any(String),
      enteredSeq: run.seq,
      expiresAt: new Date(enteredAt(run) + 48 * HOUR_MS).toISOString(),
    });
  });

  test('arms reminders and expiry as the frozen policy says; a reminder that would come too late, or twice, is none', () => {
    const run = waiting({ expiresAfterHours: 24, remindAfterHours: [0.5, 12, 12, 24, 48] });
    const due = pauseDeadlines(run.context).map(({ kind, dueAt, armedSeq }) => [
      kind,
      (Date.parse(dueAt) - enteredAt(run)) / HOUR_MS,
      armedSeq,
    ]);
    expect(due).toEqual([
      ['reminder-0.5h', 0.5, run.seq],
      ['reminder-12h', 12, run.seq],
      ['expiry', 24, run.seq],
    ]);
  });

  test('waits for as long as it takes where no policy says otherwise', () => {
    const run = PilotRun.start({ policy: NO_POLICY }).to(PAUSE);
    expect(run.context.pause?.expiresAt).toBeNull();
    expect(pauseDeadlines(run.context)).toEqual([]);
    expect(at(run, 10_000 * HOUR_MS, { type: 'SIGNED_OFF', signOff }).state).toBe('sealing.scanning');
    expect(() => at(run, 10_000 * HOUR_MS, { type: 'EXPIRED', expiresAt: 'never' })).toThrow(/EXPIRED is not possible/);
  });

  test('can be signed up to the last millisecond before it expires, and not from then on', () => {
    const run = forTwoDays();
    expect(at(run, 48 * HOUR_MS - 1, { type: 'SIGNED_OFF', signOff }).state).toBe('sealing.scanning');
    expect(() => at(run, 48 * HOUR_MS, { type: 'SIGNED_OFF', signOff })).toThrow(/SIGNED_OFF is not possible/);
  });

  test('does not expire before its time, and then the run has failed', () => {
    const run = forTwoDays();
    const expiresAt = run.context.pause?.expiresAt;
    expect(() => at(run, 48 * HOUR_MS - 1, { type: 'EXPIRED', expiresAt })).toThrow(/EXPIRED is not possible/);
    const { state, context } = run.expire();
    expect(state).toBe('failed');
    expect(context.failure).toMatchObject({ step: PAUSE, code: 'GATE_EXPIRED', details: { expiresAt } });
    expect(context.failure?.message).toContain(`expired at ${expiresAt}`);
  });

  test('can be claimed for as long as it can be signed', () => {
    const run = forTwoDays();
    expect(at(run, 48 * HOUR_MS - 1, { type: 'CLAIMED' }).state).toBe(PAUSE);
    expect(() => at(run, 48 * HOUR_MS, { type: 'CLAIMED' })).toThrow(/CLAIMED is not possible/);
  });

  test('can still be rejected after its time: that opens nothing', () => {
    const rejected = { type: 'VERIFICATION_REJECTED', reason: 'it stopped', by: 'verifier' };
    expect(at(forTwoDays(), 100 * HOUR_MS, rejected).state).toBe('failed');
  });

  test('is over when it is left, whichever way', () => {
    const run = forTwoDays();
    for (const left of [run.signOff(), run.reject(), run.expire(), run.abandon(), run.replay('preparingCheckpoint')]) {
      expect(left.context.pause).toBeNull();
      expect(pauseDeadlines(left.context)).toEqual([]);
    }
  });

  test('is armed anew by a replay, after an expiry and while it lasts', () => {
    const run = forTwoDays();
    for (const again of [run.expire().replay(PAUSE), run.replay(PAUSE)]) {
      expect(again.state).toBe(PAUSE);
      expect(again.context.pause?.enteredSeq).toBe(again.seq);
      expect(Date.parse(again.context.pause?.enteredAt ?? '')).toBeGreaterThan(enteredAt(run));
      expect(again.signOff().state).toBe('sealing.scanning');
    }
  });

  test('is armed anew when a signed file has changed', () => {
    const again = forTwoDays().signOff().through('sealing.scanning').fail('SIGN_OFF_INVALIDATED');
    expect(again.context.pause?.enteredSeq).toBe(again.seq);
  });

  test('is not entered again by what is only noted in it', () => {
    const run = forTwoDays();
    expect(run.acceptDrift().context.pause).toEqual(run.context.pause);
  });
});
