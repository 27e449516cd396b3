import type { Identity } from '../../src/evidence/history-record.js';
import type { LeaseHolder, NewRun, Spawn, TransitionCommit } from '../../src/store/store.js';

export const RUN = '20260301T080000Z';
export const OTHER_RUN = '20260301T090000Z';
export const AT = '2026-03-01T08:00:00Z';

export const operator: Identity = { user: 'operator', host: 'jumphost', email: 'operator@example.com', level: 'asserted' };

export function holder(pid = 100): LeaseHolder {
  return { user: 'operator', host: 'jumphost', machineId: 'machine-1', bootId: 'boot-1', pid, startTime: '4711' };
}

export function newRun(runId = RUN): NewRun {
  return { runId, operator, evidenceDir: `/srv/evidence/${runId}`, directory: '/srv/repository' };
}

export function spawn(step: string, input: unknown = { step }): Spawn {
  return { step, src: `${step}Actor`, input, notBefore: null };
}

type FirstTransition = Omit<TransitionCommit, 'fence' | 'runId' | 'seq'>;

export function first(changes: Partial<FirstTransition> = {}): FirstTransition {
  return {
    at: AT,
    event: { type: 'STARTED' },
    from: null,
    to: 'preflight',
    who: operator,
    machineVersion: '1',
    snapshot: { value: 'preflight', context: {} },
    status: 'active',
    settles: [],
    spawns: [],
    environmentLock: null,
    deadlines: [],
    messages: [],
    ...changes,
  };
}

/** The next transition of a run, with nothing but its place in the chain unless `changes` say more. */
export function next(seq: number, fence = 1, changes: Partial<TransitionCommit> = {}): TransitionCommit {
  return {
    ...first({
      at: new Date(Date.parse(AT) + seq * 1000).toISOString(),
      event: { type: 'STEPPED', seq },
      from: `state${seq - 1}`,
      to: `state${seq}`,
      snapshot: { value: `state${seq}`, context: { seq } },
    }),
    runId: RUN,
    fence,
    seq,
    ...changes,
  };
}
