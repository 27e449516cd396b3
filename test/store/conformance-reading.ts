import { beforeEach, describe, expect, test } from '@jest/globals';
import { ChainVerifier } from '../../src/evidence/hash-chain.js';
import type { Store } from '../../src/store/store.js';
import { first, holder, newRun, next, OTHER_RUN, RUN, spawn } from './builders.js';
import type { StoreUnderTest } from './conformance.js';
import { collect, everything, soleAttempt } from './observe.js';

/** What is read is what was written. */
export function describeReading(connected: () => Store, underTest: () => StoreUnderTest): void {
  let store: Store;
  let subject: StoreUnderTest;
  beforeEach(() => {
    store = connected();
    subject = underTest();
  });

  describe('reading', () => {
    const ids = ['20260301T080000Z', '20260302T080000Z', '20260302T090000Z', '20270101T000000Z'];

    test('runs come newest first: by prefix, by status, page by page', async () => {
      for (const [index, runId] of ids.entries()) {
        await store.createRun(newRun(runId), holder(), first({ status: index === 1 ? 'failed' : 'active' }));
      }
      expect(await store.latestRunId()).toBe(ids[3]);
      expect(await store.findRunIds('20260302', 9)).toEqual([ids[2], ids[1]]);
      expect(await store.findRunIds('2026', 1)).toEqual([ids[2]]);
      expect(await store.findRunIds('%', 9)).toEqual([]);
      const idsOf = async (...filter: Parameters<Store['listRuns']>) =>
        (await store.listRuns(...filter)).map(({ runId }) => runId);
      expect(await idsOf()).toEqual([...ids].reverse());
      expect(await idsOf({ status: ['failed', 'waiting'] })).toEqual([ids[1]]);
      expect(await idsOf({ status: [] })).toEqual([]);
      expect(await idsOf({ before: '20260302T090000Z', limit: 1 })).toEqual([ids[1]]);
      expect(await idsOf({ status: ['failed', 'active'], limit: 3 })).toEqual([ids[3], ids[2], ids[1]]);
      expect(await idsOf({ status: ['failed', 'active'], before: '20260302T090000Z' })).toEqual([ids[1], ids[0]]);
    });

    test('a run names the one before it in its first transition, with the head that it had then', async () => {
      const [one = '', other = ''] = ids;
      await store.createRun(newRun(one), holder(), first());
      const head = await store.getRun(one);
      await store.createRun(newRun(other), holder(), first());
      const previous = async (runId: string) => (await collect(store.history(runId, { upTo: 1 })))[0]?.event['previous'];
      expect(await previous(one)).toBeNull();
      expect(await previous(other)).toEqual({ run: one, seq: 1, hash: head?.headHash });
    });

    test('an empty store, and a run that is not in it, answer with nothing', async () => {
      expect(await store.latestRunId()).toBeNull();
      expect(await store.listRuns()).toEqual([]);
      expect(await store.getRun(RUN)).toBeNull();
      expect(await store.getSnapshot(RUN)).toBeNull();
      expect(await store.attempts(RUN)).toEqual([]);
      expect(await collect(store.history(RUN))).toEqual([]);
      expect(await store.check()).toEqual({ runs: 0, transitions: 0, faults: [] });
    });

    test('a long history is read whole and in order, or the part asked for, while another connection writes', async () => {
      await store.createRun(newRun(), holder(), first());
      for (let seq = 2; seq <= 1100; seq += 1) await store.commit(next(seq));
      const writer = await subject.connect();
      const verifier = new ChainVerifier(RUN);
      for await (const record of store.history(RUN, { upTo: 1100 })) {
        expect(verifier.next(record)).toBeNull();
        if (record.seq === 600) await writer.commit(next(1101));
      }
      expect(verifier.length).toBe(1100);
      const seqs = async (filter: Parameters<Store['history']>[1]) =>
        (await collect(store.history(RUN, filter))).map(({ seq }) => seq);
      expect(await seqs({ after: 1099 })).toEqual([1100, 1101]);
      expect(await seqs({ after: 2, upTo: 4 })).toEqual([3, 4]);
      expect(await seqs({ after: 10, limit: 2 })).toEqual([11, 12]);
      expect(await seqs({ limit: 700 })).toHaveLength(700);
      expect(await seqs({ limit: 0 })).toEqual([]);
    });

    test('what one connection wrote another one sees at once', async () => {
      const reader = await subject.connect();
      await store.createRun(newRun(), holder(), first());
      await store.commit(next(2));
      expect(await reader.getRun(RUN)).toMatchObject({ headSeq: 2 });
    });
  });

  describe('check and backup', () => {
    beforeEach(async () => {
      await store.createRun(newRun(), holder(), first({ spawns: [spawn('preflight')], environmentLock: 'staging' }));
      await store.commit(next(2, 1, { settles: [{ attemptId: (await soleAttempt(store)).attemptId, status: 'succeeded' }] }));
      await store.createRun(newRun(OTHER_RUN), holder(), first());
    });

    test('a sound store has no faults', async () => {
      expect(await store.check()).toEqual({ runs: 2, transitions: 3, faults: [] });
    });

    test('a backup made while the store is open holds all of it', async () => {
      await store.backup(subject.backupFile);
      const copy = await subject.openBackup();
      expect(await copy.check()).toEqual({ runs: 2, transitions: 3, faults: [] });
      expect(await everything(copy)).toEqual(await everything(store));
      await store.commit(next(3));
      expect(await copy.getRun(RUN)).toMatchObject({ headSeq: 2 });
    });

    test('an existing file is not overwritten by a backup', async () => {
      await store.backup(subject.backupFile);
      await expect(store.backup(subject.backupFile)).rejects.toThrow(/exists already/);
      expect(await (await subject.openBackup()).check()).toMatchObject({ runs: 2, faults: [] });
    });
  });
}
