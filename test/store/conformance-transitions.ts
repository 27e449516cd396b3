import { beforeEach, describe, expect, test } from '@jest/globals';
import { genesisHash } from '../../src/evidence/hash-chain.js';
import {
  AttemptStateError,
  CycleTakenError,
  EnvironmentHeldError,
  RunExistsError,
  RunNotFoundError,
  StaleSnapshotError,
} from '../../src/store/errors.js';
import type { Store } from '../../src/store/store.js';
import { AT, first, holder, newRun, next, OTHER_RUN, RUN, spawn } from './builders.js';
import { collect, everything, soleAttempt } from './observe.js';

/** Runs begin, and go on, by whole transitions or none. */
export function describeTransitions(connected: () => Store): void {
  let store: Store;
  beforeEach(() => {
    store = connected();
  });

  describe('creating a run', () => {
    test('it begins with a lease of fence 1, its first transition and what that spawned', async () => {
      const lease = await store.createRun(newRun(), holder(), first({ spawns: [spawn('preflight')] }));
      expect(lease).toEqual({ runId: RUN, fence: 1, counter: 0, holder: holder(), heartbeatAt: AT });
      expect(await store.getLease(RUN)).toEqual(lease);
      const [record] = await collect(store.history(RUN));
      expect(record).toMatchObject({ run_id: RUN, seq: 1, from: null, to: 'preflight', prev_hash: genesisHash(RUN) });
      expect(await store.getRun(RUN)).toEqual({
        ...newRun(),
        createdAt: AT,
        updatedAt: AT,
        status: 'active',
        state: 'preflight',
        waitingSince: null,
        machineVersion: '1',
        environment: null,
        gitHead: null,
        headSeq: 1,
        headHash: record?.hash,
      });
      expect(await soleAttempt(store)).toMatchObject({ step: 'preflight', attempt: 1, status: 'pending', spawnedSeq: 1 });
    });

    test('an id that is taken is refused, and the run that has it stays as it was', async () => {
      await store.createRun(newRun(), holder(), first());
      const before = await store.getRun(RUN);
      await expect(store.createRun(newRun(), holder(2), first({ to: 'elsewhere' }))).rejects.toThrow(RunExistsError);
      expect(await store.getRun(RUN)).toEqual(before);
      expect(await store.getLease(RUN)).toMatchObject({ fence: 1, holder: holder() });
    });

    test('nothing of it remains when its environment is held', async () => {
      await store.createRun(newRun(), holder(), first({ environmentLock: 'staging' }));
      await expect(store.createRun(newRun(OTHER_RUN), holder(2), first({ environmentLock: 'staging' }))).rejects.toThrow(
        EnvironmentHeldError,
      );
      expect(await store.getRun(OTHER_RUN)).toBeNull();
      expect(await store.getLease(OTHER_RUN)).toBeNull();
    });
  });

  describe('committing a transition', () => {
    beforeEach(async () => {
      await store.createRun(newRun(), holder(), first({ spawns: [spawn('preflight')] }));
    });

    test('the record continues the chain, and the run, its snapshot and its history show it', async () => {
      const [head] = await collect(store.history(RUN));
      const record = await store.commit(next(2, 1, { status: 'waiting', machineVersion: '2' }));
      expect(record.prev_hash).toBe(head?.hash);
      expect(await collect(store.history(RUN))).toEqual([head, record]);
      expect(await store.getRun(RUN)).toMatchObject({
        status: 'waiting',
        state: 'state2',
        headSeq: 2,
        headHash: record.hash,
        createdAt: AT,
        updatedAt: record.at,
      });
      expect(await store.getSnapshot(RUN)).toEqual({
        snapshot: { value: 'state2', context: { seq: 2 } },
        seq: 2,
        machineVersion: '2',
      });
    });

    test('what leaves a run waiting where it waited does not make it wait anew', async () => {
      const came = await store.commit(next(2, 1, { to: 'waiting', status: 'waiting' }));
      const claimed = await store.commit(next(3, 1, { from: 'waiting', to: 'waiting', status: 'waiting' }));
      const stays = { state: 'waiting', waitingSince: came.at, updatedAt: claimed.at };
      expect(await store.getRun(RUN)).toMatchObject(stays);
      expect(await store.listRuns({ status: ['waiting'] })).toMatchObject([stays]);
      expect(await store.listRuns({})).toMatchObject([stays]);
    });

    test('it settles attempts and spawns the next in the same moment', async () => {
      const { attemptId } = await soleAttempt(store);
      await store.startAttempt(attemptId, 1, '2026-03-01T08:00:01Z');
      const logs = [
        { file: '30_rc_gates.txt', sha256: 'a'.repeat(64), size: 12 },
        { file: '10_preflight.json', sha256: 'b'.repeat(64), size: 0 },
      ];
      const record = await store.commit(
        next(2, 1, {
          settles: [{ attemptId, status: 'failed', output: { exit: 3 }, error: { code: 'EXIT' }, logs }],
          spawns: [spawn('preflight', { again: true }), { ...spawn('seal', null), notBefore: '2026-03-01T09:00:00Z' }],
        }),
      );
      const [failed, again, seal] = await store.attempts(RUN);
      expect(failed).toEqual({
        attemptId,
        runId: RUN,
        step: 'preflight',
        attempt: 1,
        src: 'preflightActor',
        input: { step: 'preflight' },
        status: 'failed',
        notBefore: null,
        spawnedSeq: 1,
        settledSeq: 2,
        startedAt: '2026-03-01T08:00:01Z',
        endedAt: record.at,
        output: { exit: 3 },
        error: { code: 'EXIT' },
        logFile: null,
        logs,
        children: [],
      });
      expect(again).toMatchObject({ step: 'preflight', attempt: 2, status: 'pending', input: { again: true }, spawnedSeq: 2 });
      expect(seal).toMatchObject({ step: 'seal', attempt: 1, input: null, notBefore: '2026-03-01T09:00:00Z' });
      expect((await store.attempts(RUN, 'preflight')).map(({ attempt }) => attempt)).toEqual([1, 2]);
    });

    test('attempts of one step spawned together are numbered one after the other', async () => {
      await store.commit(next(2, 1, { spawns: [spawn('probe'), spawn('probe')] }));
      expect((await store.attempts(RUN, 'probe')).map(({ attempt }) => attempt)).toEqual([1, 2]);
    });

    test.each([1, 3])('seq %i is refused when the head is at 1, and nothing is written', async (seq) => {
      const before = await everything(store);
      await expect(store.commit(next(seq, 1, { spawns: [spawn('x')] }))).rejects.toThrow(StaleSnapshotError);
      expect(await everything(store)).toEqual(before);
    });

    test('an attempt that has settled cannot be settled again, and nothing of that transition is written', async () => {
      const { attemptId } = await soleAttempt(store);
      await store.commit(next(2, 1, { settles: [{ attemptId, status: 'succeeded' }] }));
      const before = await everything(store);
      const again = store.commit(next(3, 1, { settles: [{ attemptId, status: 'failed' }], environmentLock: 'staging' }));
      await expect(again).rejects.toThrow(AttemptStateError);
      expect(await everything(store)).toEqual(before);
      expect(await store.environmentHolder('staging')).toBeNull();
    });

    test('an attempt of another run cannot be settled', async () => {
      await store.createRun(newRun(OTHER_RUN), holder(2), first());
      const { attemptId } = await soleAttempt(store);
      const theft = store.commit(next(2, 1, { runId: OTHER_RUN, settles: [{ attemptId, status: 'succeeded' }] }));
      await expect(theft).rejects.toThrow(AttemptStateError);
      expect((await soleAttempt(store)).status).toBe('pending');
    });

    test('a run that does not exist is named', async () => {
      await expect(store.commit(next(1, 1, { runId: OTHER_RUN }))).rejects.toThrow(RunNotFoundError);
    });

    test('a snapshot that JSON cannot hold is refused, and nothing is written', async () => {
      const before = await everything(store);
      await expect(store.commit(next(2, 1, { snapshot: { rate: NaN } }))).rejects.toThrow();
      expect(await everything(store)).toEqual(before);
    });

    test('environment and commit stay known once they are', async () => {
      await store.commit(next(2, 1, { environment: 'staging', gitHead: 'abc' }));
      await store.commit(next(3, 1, { environment: null }));
      expect(await store.getRun(RUN)).toMatchObject({ environment: 'staging', gitHead: 'abc' });
    });

    describe('of a run that is to be alone in its cycle', () => {
      const cycle = { environment: 'staging', gitHead: 'abc', isAloneInCycle: true };
      const second = (changes: object = {}) => store.commit(next(2, 1, { runId: OTHER_RUN, ...cycle, ...changes }));
      beforeEach(async () => {
        await store.createRun(newRun(OTHER_RUN), holder(2), first());
      });

      test.each(['active', 'waiting', 'completed'] as const)(
        'is refused while another one is %s, and nothing is written',
        async (status) => {
          await store.commit(next(2, 1, { ...cycle, status }));
          const before = await everything(store);
          await expect(second()).rejects.toMatchObject({ code: 'CYCLE_TAKEN', holderRunId: RUN, status });
          expect(await everything(store)).toEqual(before);
        },
      );

      test.each(['failed', 'abandoned', 'superseded'] as const)(
        'is taken where the other one is %s, which then does not come back',
        async (status) => {
          await store.commit(next(2, 1, { ...cycle, status }));
          await second();
          await expect(store.commit(next(3, 1, { ...cycle }))).rejects.toThrow(CycleTakenError);
          await store.commit(next(3, 1, { ...cycle, status: 'failed' }));
        },
      );

      test('is taken in another environment, of another commit, and of a run that need not be alone', async () => {
        await store.commit(next(2, 1, cycle));
        await second({ isAloneInCycle: false });
        await store.commit(next(3, 1, { runId: OTHER_RUN, gitHead: 'abd', isAloneInCycle: true, status: 'waiting' }));
        await store.commit(next(4, 1, { runId: OTHER_RUN, environment: 'other', gitHead: 'abc', isAloneInCycle: true }));
      });

      test.each([false, true])(
        'goes on in its own cycle, in which another one was begun that need not be alone: %s',
        async (more) => {
          await store.commit(next(2, 1, cycle));
          if (more) await second({ isAloneInCycle: false });
          await store.commit(next(3, 1, { ...cycle, status: 'waiting' }));
          await store.commit(next(4, 1, cycle));
          await store.commit(next(5, 1, { ...cycle, status: 'completed' }));
        },
      );

      test('does not go over into the cycle of another one', async () => {
        await store.commit(next(2, 1, cycle));
        await second({ gitHead: 'abd' });
        await expect(store.commit(next(3, 1, { runId: OTHER_RUN, ...cycle }))).rejects.toThrow(CycleTakenError);
      });

      test('that was in it before, and does not come back, is told what may become of it', async () => {
        await store.commit(next(2, 1, { ...cycle, status: 'failed' }));
        await second();
        const back = () => store.commit(next(3, 1, cycle));
        const evidence = `cutover seal ${RUN} --verdict FAIL --reason "..."`;
        const end = `cutover abandon ${OTHER_RUN} --reason "..."`;
        await expect(back()).rejects.toThrow(new RegExp(`is active; [^]*${end}[^]*${evidence}$`));
        await store.commit(next(3, 1, { runId: OTHER_RUN, ...cycle, status: 'completed' }));
        const error = await back().catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({ code: 'CYCLE_TAKEN', message: expect.stringContaining(evidence) });
        expect((error as Error).message).not.toMatch(/abandon|--again/);
      });
    });
  });
}
