import { expect, test } from '@jest/globals';
import { age, runLook } from '../../src/engine/run-look.js';
import type { AttemptRecord, LeaseHolder, LeaseRecord, RunRecord, RunStatus } from '../../src/store/store.js';
import { operator, RUN } from '../store/builders.js';
import { deadHolder, livingHolder } from './toy.js';

const AT = '2026-03-01T08:00:00.000Z';
const after = (seconds: number) => new Date(Date.parse(AT) + seconds * 1000);

function run(status: RunStatus): RunRecord {
  return {
    runId: RUN,
    createdAt: AT,
    updatedAt: AT,
    status,
    state: 'gathering',
    waitingSince: status === 'waiting' ? AT : null,
    machineVersion: 'toy-1',
    operator,
    evidenceDir: '/srv/evidence',
    directory: '/srv/repository',
    environment: null,
    gitHead: null,
    headSeq: 1,
    headHash: '',
  };
}

function lease(holder: LeaseHolder | null): LeaseRecord {
  return { runId: RUN, fence: 1, counter: 0, holder, heartbeatAt: AT };
}

function attempt(number: number): AttemptRecord {
  return { attempt: number, status: 'running' } as AttemptRecord;
}

const here = livingHolder();
const elsewhere = { ...here, host: 'other-host', machineId: 'machine-2', bootId: 'boot-2' };

test.each([
  ['a driver here that lives', here, 1, 5, 'running'],
  ['a driver elsewhere that beats', elsewhere, 1, 5, 'running'],
  ['a second attempt', here, 2, 5, 'running (attempt 2)'],
  ['a driver here that died', deadHolder(), 1, 5, 'interrupted'],
  ['nobody', null, 1, 5, 'interrupted'],
  ['a driver elsewhere that was silent for long', elsewhere, 1, 240, 'stalled (heartbeat 4m ago)'],
  ['a driver here that lives and was silent for long', here, 1, 240, 'stalled (heartbeat 4m ago)'],
])('an active run with %s looks like what it is', (_, holder, number, seconds, text) => {
  expect(runLook(run('active'), lease(holder), [attempt(number)], here, after(seconds)).text).toBe(text);
});

test.each(['failed', 'completed', 'abandoned', 'superseded'] as const)(
  'a run that is %s looks so, whoever holds it',
  (status) => {
    expect(runLook(run(status), lease(here), [], here, after(5))).toEqual({ kind: status, text: status });
  },
);

test('a run that waits for a person says for how long, whatever happened while it waited', () => {
  const claimed = { ...run('waiting'), updatedAt: after(3 * 3600).toISOString() };
  expect(runLook(claimed, lease(null), [], here, after(3 * 3600 + 59))).toEqual({ kind: 'waiting', text: 'waiting 3h' });
});

test.each([
  [-5, '0s'],
  [59, '59s'],
  [60, '1m'],
  [3599, '59m'],
  [3600, '1h'],
  [86_399, '23h'],
  [172_800, '2d'],
])('%d seconds are told as %s', (seconds, text) => {
  expect(age(AT, after(seconds))).toBe(text);
});
