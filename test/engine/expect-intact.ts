import { expect } from '@jest/globals';
import type { RunView } from '../../src/engine/engine.js';
import type { AttemptRecord } from '../../src/store/store.js';
import { collect } from '../store/observe.js';
import { BUILDING_LOG, GATHERING_LOG, logLine, type Ledger } from './toy-actors.js';
import { STEPS } from './toy-machine.js';
import type { Toy } from './toy.js';

/** What a run came to, without what a disturbance may change (times, numbers of attempts, how often it failed). */
export function finalState({ run, snapshot }: RunView): unknown {
  return { status: run.status, state: run.state, environment: run.environment, value: snapshot.value, context: snapshot.context };
}

/** All that must hold for a run that was disturbed and brought to its end, whatever the disturbance was. */
export async function expectIntact(toy: Toy, view: RunView, undisturbed: unknown): Promise<void> {
  const store = await toy.store();
  const { runId } = view.run;
  const attempts = await store.attempts(runId);
  expect(finalState(view)).toEqual(undisturbed);
  expect((await store.check()).faults).toEqual([]);
  expect((await store.getLease(runId))?.holder).toBeNull();
  expect(await store.environmentHolder('yard')).toBeNull();

  expectEveryEffectOnRecord(attempts, toy.ledger);
  expectEachStepProvenOnce(attempts);
  const history = await collect(store.history(runId));
  expect(history.map(({ seq }) => seq)).toEqual(history.map((_, index) => index + 1));
  const interrupted = history.flatMap(({ event }) => (event.type === 'RESUMED' ? (event['interrupted'] as unknown[]) : []));
  const ofRecord = attempts.filter(({ status }) => status === 'interrupted').map(({ step, attempt }) => ({ step, attempt }));
  expect(interrupted).toEqual(ofRecord);
  for (const { status, settledSeq, logs } of attempts) {
    if (status !== 'succeeded' && status !== 'failed') continue;
    expect(history[(settledSeq ?? 0) - 1]?.event).toMatchObject({ logs });
  }
  await expectLogsKept(toy, attempts);
}

/** Each effect that began belongs to one attempt, started; none began that was settled; none happened without a report or an interruption. */
function expectEveryEffectOnRecord(attempts: readonly AttemptRecord[], ledger: Ledger): void {
  const began = ledger.lines('began').map(({ step, attempt }) => `${step} ${attempt}`);
  expect(new Set(began).size).toBe(began.length);
  for (const { step, attempt } of ledger.lines()) {
    const row = attempts.find((one) => one.step === step && one.attempt === attempt);
    expect(row).toMatchObject({ startedAt: expect.any(String), settledSeq: expect.any(Number) });
    expect(['succeeded', 'failed', 'interrupted']).toContain(row?.status);
  }
  const did = ledger.lines('did').map(({ step, attempt }) => `${step} ${attempt}`);
  for (const { step, attempt, status } of attempts) {
    if (status === 'succeeded') expect(did).toContain(`${step} ${attempt}`);
    if (status === 'failed') expect(did).not.toContain(`${step} ${attempt}`);
  }
}

/** A step succeeds once and is not asked for again. */
function expectEachStepProvenOnce(attempts: readonly AttemptRecord[]): void {
  for (const step of STEPS) {
    const ofStep = attempts.filter((attempt) => attempt.step === step);
    expect(ofStep.map(({ attempt }) => attempt)).toEqual(ofStep.map((_, index) => index + 1));
    expect(ofStep.map(({ status }) => status).indexOf('succeeded')).toBe(ofStep.length - 1);
  }
}

/** No line that an attempt wrote is lost, and the files are as their last attempt said. */
async function expectLogsKept(toy: Toy, attempts: readonly AttemptRecord[]): Promise<void> {
  const evidence = toy.evidence(attempts[0]?.runId);
  const texts = await Promise.all((await evidence.list()).map(async ({ name }) => (await evidence.read(name)).toString('utf8')));
  const lines = texts.flatMap((text) => text.split('\n')).map((line) => `${line}\n`);
  for (const written of attempts.filter(({ status }) => status === 'succeeded' || status === 'failed')) {
    expect(lines).toContain(logLine(written));
  }
  for (const name of [GATHERING_LOG, BUILDING_LOG]) {
    const last = attempts.flatMap(({ logs }) => logs).findLast(({ file }) => file === name);
    expect({ file: name, ...(await evidence.digest(name)) }).toEqual(last);
  }
}
