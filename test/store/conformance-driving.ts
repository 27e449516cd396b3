import { beforeEach, describe, expect, test } from '@jest/globals';
import {
  AttemptStateError,
  EnvironmentHeldError,
  LeaseHeldError,
  LeaseLostError,
  RunNotFoundError,
} from '../../src/store/errors.js';
import type { Store } from '../../src/store/store.js';
import { AT, first, holder, newRun, next, OTHER_RUN, RUN, spawn } from './builders.js';
import type { StoreUnderTest } from './conformance.js';
import { everything, failure, soleAttempt } from './observe.js';

/** Who may drive a run and touch an environment, and what a driver puts on record. */
export function describeDriving(connected: () => Store, underTest: () => StoreUnderTest): void {
  let store: Store;
  let subject: StoreUnderTest;
  beforeEach(() => {
    store = connected();
    subject = underTest();
  });

  describe('attempts', () => {
    const child = { pid: 321, startTime: '55', bootId: 'boot-1' };
    let attemptId: number;

    beforeEach(async () => {
      await store.createRun(newRun(), holder(), first({ spawns: [spawn('preflight')] }));
      attemptId = (await soleAttempt(store)).attemptId;
    });

    test('a pending one is started once', async () => {
      await store.startAttempt(attemptId, 1, AT);
      expect(await soleAttempt(store)).toMatchObject({ status: 'running', startedAt: AT });
      await expect(store.startAttempt(attemptId, 1, AT)).rejects.toThrow(AttemptStateError);
    });

    test('one that does not exist is refused', async () => {
      await expect(store.startAttempt(attemptId + 1, 1, AT)).rejects.toThrow(AttemptStateError);
    });

    test('its log is on record by name before it has a digest', async () => {
      await store.startAttempt(attemptId, 1, AT);
      await store.recordAttemptLog(attemptId, 1, '30_rc_gates.txt');
      expect(await soleAttempt(store)).toMatchObject({ logFile: '30_rc_gates.txt', logs: [] });
    });

    test('its children are on record until they are forgotten, also after it has settled', async () => {
      const bare = { pid: 322, startTime: null, bootId: null };
      await store.startAttempt(attemptId, 1, AT);
      await store.recordChild(attemptId, 1, child);
      await store.recordChild(attemptId, 1, child);
      await store.recordChild(attemptId, 1, bare);
      expect((await soleAttempt(store)).children).toEqual([child, bare]);
      await store.forgetChild(attemptId, { ...child, startTime: '56' });
      await store.commit(next(2, 1, { settles: [{ attemptId, status: 'interrupted' }] }));
      expect((await soleAttempt(store)).children).toEqual([child, bare]);
      await store.forgetChild(attemptId, child);
      await store.forgetChild(attemptId, bare);
      expect((await soleAttempt(store)).children).toEqual([]);
    });

    test('one that is not running gets neither log nor child', async () => {
      await expect(store.recordAttemptLog(attemptId, 1, 'x.txt')).rejects.toThrow(AttemptStateError);
      await expect(store.recordChild(attemptId, 1, child)).rejects.toThrow(AttemptStateError);
    });

    test('is open until it has settled and its processes are forgotten; others are not', async () => {
      const open = async (runId = RUN) => (await store.openAttempts(runId)).map((one) => [one.attemptId, one.status]);
      await store.createRun(newRun(OTHER_RUN), holder(), first({ spawns: [spawn('other')] }));
      expect(await open()).toEqual([[attemptId, 'pending']]);
      await store.startAttempt(attemptId, 1, AT);
      await store.recordChild(attemptId, 1, child);
      expect(await open()).toEqual([[attemptId, 'running']]);
      await store.commit(next(2, 1, { settles: [{ attemptId, status: 'failed' }], spawns: [spawn('next')] }));
      const [settled, pending] = await store.attempts(RUN);
      expect(await store.openAttempts(RUN)).toEqual([settled, pending]);
      await store.forgetChild(attemptId, child);
      expect(await store.openAttempts(RUN)).toEqual([pending]);
      expect(await open(OTHER_RUN)).toHaveLength(1);
    });

    test('a driver that lost its lease can neither start one nor add to it', async () => {
      await store.startAttempt(attemptId, 1, AT);
      await store.commit(next(2, 1, { spawns: [spawn('next')] }));
      const [, pending] = await store.attempts(RUN);
      await store.seizeLease(RUN, holder(2), AT);
      const before = await everything(store);
      await expect(store.startAttempt(pending?.attemptId ?? 0, 1, AT)).rejects.toThrow(LeaseLostError);
      await expect(store.recordAttemptLog(attemptId, 1, 'x.txt')).rejects.toThrow(LeaseLostError);
      await expect(store.recordChild(attemptId, 1, child)).rejects.toThrow(LeaseLostError);
      expect(await everything(store)).toEqual(before);
    });
  });

  describe('leases', () => {
    beforeEach(async () => {
      await store.createRun(newRun(), holder(), first());
    });

    test('a second driver is refused while the first one lives, and told who it is', async () => {
      const second = await subject.connect();
      const refused = await failure(second.acquireLease(RUN, holder(2), null, AT));
      expect(refused).toBeInstanceOf(LeaseHeldError);
      expect((refused as LeaseHeldError).lease.holder).toEqual(holder());
    });

    test('a lease that moved since it was seen is not taken', async () => {
      const seen = await store.getLease(RUN);
      await store.heartbeat(RUN, 1, '2026-03-01T08:00:05Z');
      await expect(store.acquireLease(RUN, holder(2), seen, AT)).rejects.toThrow(LeaseHeldError);
      expect(await store.getLease(RUN)).toMatchObject({ fence: 1, counter: 1, heartbeatAt: '2026-03-01T08:00:05Z' });
    });

    test('a lease that stands as it was seen is taken with a larger fence', async () => {
      const second = await subject.connect();
      const taken = await second.acquireLease(RUN, holder(2), await second.getLease(RUN), '2026-03-01T08:01:00Z');
      expect(taken).toEqual({ runId: RUN, fence: 2, counter: 0, holder: holder(2), heartbeatAt: '2026-03-01T08:01:00Z' });
    });

    test('after a takeover the earlier driver can neither commit nor beat, and its release changes nothing', async () => {
      const second = await subject.connect();
      await second.seizeLease(RUN, holder(2), AT);
      const before = await everything(store);
      await expect(store.commit(next(2, 1))).rejects.toThrow(LeaseLostError);
      await expect(store.heartbeat(RUN, 1, AT)).rejects.toThrow(LeaseLostError);
      await store.releaseLease(RUN, 1);
      expect(await everything(store)).toEqual(before);
      await second.commit(next(2, 2));
    });

    test('a released lease is free, refuses its former fence, and never gives it out again', async () => {
      await store.releaseLease(RUN, 1);
      expect(await store.getLease(RUN)).toMatchObject({ fence: 1, holder: null });
      await expect(store.commit(next(2, 1))).rejects.toThrow(LeaseLostError);
      await expect(store.heartbeat(RUN, 1, AT)).rejects.toThrow(LeaseLostError);
      expect((await store.acquireLease(RUN, holder(), null, AT)).fence).toBe(2);
    });

    test('the same holder gets a new fence too', async () => {
      expect((await store.seizeLease(RUN, holder(), AT)).fence).toBe(2);
      await expect(store.commit(next(2, 1))).rejects.toThrow(LeaseLostError);
    });

    test('a run that does not exist has no lease to take', async () => {
      expect(await store.getLease(OTHER_RUN)).toBeNull();
      await expect(store.acquireLease(OTHER_RUN, holder(), null, AT)).rejects.toThrow(RunNotFoundError);
      await expect(store.seizeLease(OTHER_RUN, holder(), AT)).rejects.toThrow(RunNotFoundError);
      await expect(store.heartbeat(OTHER_RUN, 1, AT)).rejects.toThrow(LeaseLostError);
    });
  });

  describe('environment locks', () => {
    beforeEach(async () => {
      await store.createRun(newRun(), holder(), first({ environmentLock: 'staging' }));
      await store.createRun(newRun(OTHER_RUN), holder(2), first());
    });

    test('a second run on an environment is refused and told which run holds it; nothing is written', async () => {
      const before = await everything(store, OTHER_RUN);
      const refused = await failure(store.commit(next(2, 1, { runId: OTHER_RUN, environmentLock: 'staging' })));
      expect(refused).toBeInstanceOf(EnvironmentHeldError);
      expect(refused).toMatchObject({ environment: 'staging', holderRunId: RUN });
      expect(await everything(store, OTHER_RUN)).toEqual(before);
    });

    test('a lock is kept from transition to transition until one does not hold it', async () => {
      await store.commit(next(2, 1, { environmentLock: 'staging' }));
      expect(await store.environmentHolder('staging')).toBe(RUN);
      await store.commit(next(3, 1, { environmentLock: null }));
      expect(await store.environmentHolder('staging')).toBeNull();
      await store.commit(next(2, 1, { runId: OTHER_RUN, environmentLock: 'staging' }));
      expect(await store.environmentHolder('staging')).toBe(OTHER_RUN);
    });

    test('a run that goes on to another environment frees the first', async () => {
      await store.commit(next(2, 1, { environmentLock: 'staging-2' }));
      expect(await store.environmentHolder('staging')).toBeNull();
      expect(await store.environmentHolder('staging-2')).toBe(RUN);
    });

    test('a takeover of the run takes its lock over', async () => {
      const { fence } = await store.seizeLease(RUN, holder(3), AT);
      await store.commit(next(2, fence, { environmentLock: 'staging' }));
      expect(await store.environmentHolder('staging')).toBe(RUN);
    });
  });
}
