import { beforeEach, describe, expect, test } from '@jest/globals';
import { LeaseLostError } from '../../src/store/errors.js';
import type { MessageRecord } from '../../src/store/outbox.js';
import type { Store } from '../../src/store/store.js';
import { AT, first, holder, newRun, next, OTHER_RUN, RUN } from './builders.js';
import type { StoreUnderTest } from './conformance.js';
import { everything } from './observe.js';

const NOON = '2026-03-01T12:00:00.000Z';
const LATER = '2026-03-01T13:00:00.000Z';
const reminder = (armedSeq: number) => ({ kind: 'reminder-4h', dueAt: NOON, armedSeq });
const expiry = (armedSeq: number) => ({ kind: 'expiry', dueAt: LATER, armedSeq });
const told = (kind: string, channel = 'webhook') => ({ kind, channel, payload: { text: `${kind} ✗` } });

/** What is due while a run rests, and what is to be told of it. */
export function describeWaiting(connected: () => Store, underTest: () => StoreUnderTest): void {
  let store: Store;
  const begin = async () => {
    store = connected();
    await store.createRun(newRun(), holder(), first());
  };

  describe('deadlines', () => {
    beforeEach(begin);
    const open = async () => (await store.deadlines(RUN)).filter(({ endedSeq }) => endedSeq === null);

    test('are armed by the transition that enters a state, and last as long as transitions say so', async () => {
      await store.commit(next(2, 1, { deadlines: [reminder(2), expiry(2)] }));
      await store.commit(next(3, 1, { deadlines: [reminder(2), expiry(2)] }));
      const armed = { runId: RUN, firedAt: null, endedSeq: null };
      expect(await store.deadlines(RUN)).toEqual([
        { ...reminder(2), ...armed },
        { ...expiry(2), ...armed },
      ]);
    });

    test('end with the transition that leaves the state, and stay on record', async () => {
      await store.commit(next(2, 1, { deadlines: [reminder(2), expiry(2)] }));
      await store.commit(next(3));
      expect(await open()).toEqual([]);
      expect((await store.deadlines(RUN)).map(({ endedSeq }) => endedSeq)).toEqual([3, 3]);
    });

    test('are armed anew when the state is entered again: the earlier ones end', async () => {
      await store.commit(next(2, 1, { deadlines: [reminder(2)] }));
      await store.commit(next(3, 1, { deadlines: [reminder(3)] }));
      expect((await store.deadlines(RUN)).map(({ armedSeq, endedSeq }) => [armedSeq, endedSeq])).toEqual([
        [2, 3],
        [3, null],
      ]);
    });

    test('are written with their transition or not at all', async () => {
      await store.seizeLease(RUN, holder(2), AT);
      await expect(store.commit(next(2, 1, { deadlines: [expiry(2)], messages: [told('waiting')] }))).rejects.toThrow(
        LeaseLostError,
      );
      expect(await store.deadlines(RUN)).toEqual([]);
      expect(await store.messages()).toEqual([]);
    });

    test('are due from their instant on, in all runs, the longest due first', async () => {
      await store.createRun(newRun(OTHER_RUN), holder(2), first());
      await store.commit(next(2, 1, { deadlines: [expiry(2)] }));
      await store.commit(next(2, 1, { runId: OTHER_RUN, deadlines: [reminder(2)] }));
      expect(await store.dueDeadlines('2026-03-01T11:59:59.999Z')).toEqual([]);
      expect(await store.dueDeadlines(NOON)).toMatchObject([{ runId: OTHER_RUN, kind: 'reminder-4h' }]);
      expect((await store.dueDeadlines(LATER)).map(({ kind }) => kind)).toEqual(['reminder-4h', 'expiry']);
    });

    test('fire once, with what is told of it, whoever looks after them', async () => {
      const second = await underTest().connect();
      await store.commit(next(2, 1, { deadlines: [reminder(2), expiry(2)] }));
      const due = await store.dueDeadlines(NOON);
      expect(await store.fireDeadlines(due, NOON, [told('reminder-4h')])).toBe(true);
      expect(await second.fireDeadlines(due, LATER, [told('reminder-4h')])).toBe(false);
      expect(await store.messages()).toMatchObject([{ runId: RUN, seq: 2, kind: 'reminder-4h', createdAt: NOON }]);
      expect(await store.dueDeadlines(NOON)).toEqual([]);
      expect(await store.deadlines(RUN)).toMatchObject([{ firedAt: NOON }, { firedAt: null }]);
      await store.commit(next(3));
      expect((await store.deadlines(RUN)).map(({ endedSeq }) => endedSeq)).toEqual([3, 3]);
    });

    test('do not fire once the state is left, not even together with one that could', async () => {
      await store.commit(next(2, 1, { deadlines: [reminder(2), expiry(2)] }));
      const due = await store.dueDeadlines(LATER);
      await store.commit(next(3));
      const before = await everything(store);
      expect(await store.fireDeadlines(due, LATER, [told('reminder-4h')])).toBe(false);
      expect(await everything(store)).toEqual(before);
    });
  });

  describe('messages', () => {
    const claim = (changes: { channels?: string[]; claimer?: string; at?: string; until?: string } = {}) => ({
      ...{ channels: ['webhook'], claimer: 'one', at: NOON, until: LATER },
      ...changes,
    });
    const soleMessage = async () => (await store.messages())[0] as MessageRecord;
    beforeEach(async () => {
      await begin();
      await store.commit(next(2, 1, { messages: [told('waiting'), told('waiting', 'slack')] }));
    });

    test('are written with the transition that they tell of, each with a key of its own', async () => {
      expect(await store.messages()).toMatchObject([
        { runId: RUN, seq: 2, key: `${RUN}:2:waiting:webhook`, payload: { text: 'waiting ✗' }, state: 'pending', attempts: 0 },
        { channel: 'slack', key: `${RUN}:2:waiting:slack` },
      ]);
    });

    test('are listed by run and by state', async () => {
      await store.settleMessage((await soleMessage()).messageId, 'one', { state: 'delivered' }, NOON);
      expect(await store.messages({ runId: OTHER_RUN })).toEqual([]);
      expect(await store.messages({ runId: RUN, states: ['pending', 'given-up'] })).toMatchObject([{ channel: 'slack' }]);
    });

    test('one is lent to one only, until its time is over; each attempt counts before it is made', async () => {
      const second = await underTest().connect();
      expect(await store.claimMessage(claim())).toMatchObject({ channel: 'webhook', attempts: 1 });
      expect(await second.claimMessage(claim({ claimer: 'two' }))).toBeNull();
      expect(await second.claimMessage(claim({ claimer: 'two', at: LATER, until: LATER }))).toMatchObject({ attempts: 2 });
    });

    test('are given only to who knows their channel, and not before their time', async () => {
      expect(await store.claimMessage(claim({ channels: ['pager'] }))).toBeNull();
      expect(await store.claimMessage(claim({ at: '2026-03-01T07:00:00.000Z' }))).toBeNull();
      expect(await store.claimMessage(claim({ channels: ['slack', 'pager'] }))).toMatchObject({ channel: 'slack' });
    });

    test('that were delivered are not given again, and nothing more happens to them', async () => {
      const { messageId } = await soleMessage();
      await store.claimMessage(claim());
      await store.settleMessage(messageId, 'one', { state: 'delivered' }, NOON);
      await store.settleMessage(messageId, 'one', { state: 'given-up', error: 'late' }, LATER);
      expect(await soleMessage()).toMatchObject({ state: 'delivered', settledAt: NOON, lastError: null, attempts: 1 });
      expect(await store.claimMessage(claim({ at: LATER }))).toBeNull();
    });

    test('that failed are due again at the time that was said', async () => {
      const { messageId } = await soleMessage();
      await store.claimMessage(claim());
      await store.settleMessage(messageId, 'one', { state: 'pending', nextAt: LATER, error: 'answered 500' }, NOON);
      expect(await soleMessage()).toMatchObject({ state: 'pending', nextAt: LATER, lastError: 'answered 500', settledAt: null });
      expect(await store.claimMessage(claim())).toBeNull();
      expect(await store.claimMessage(claim({ at: LATER }))).toMatchObject({ messageId, attempts: 2 });
    });

    test('an attempt whose time was over has no say in what the next one does, except that it was delivered', async () => {
      const { messageId } = await soleMessage();
      await store.claimMessage(claim());
      await store.claimMessage(claim({ claimer: 'two', at: LATER, until: LATER }));
      await store.settleMessage(messageId, 'one', { state: 'given-up', error: 'answered 404' }, LATER);
      expect(await soleMessage()).toMatchObject({ state: 'pending', lastError: null });
      await store.settleMessage(messageId, 'one', { state: 'delivered' }, LATER);
      expect(await soleMessage()).toMatchObject({ state: 'delivered' });
    });

    test('that were given up are due again only when they are asked for', async () => {
      const { messageId } = await soleMessage();
      await store.claimMessage(claim());
      await store.settleMessage(messageId, 'one', { state: 'given-up', error: 'answered 404' }, NOON);
      expect(await store.claimMessage(claim({ at: LATER }))).toBeNull();
      expect(await store.reopenMessages(['slack'], LATER)).toBe(0);
      expect(await store.reopenMessages(['webhook'], LATER)).toBe(1);
      expect(await store.claimMessage(claim({ at: LATER }))).toMatchObject({ messageId, attempts: 1, lastError: 'answered 404' });
    });
  });
}
