import { type ChildProcess, spawn as spawnProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { LeaseRecord } from '../../src/store/store.js';
import { first, holder, newRun, RUN } from './builders.js';
import { compileSources } from './compiled-sources.js';
import { TemporaryStore } from './temporary-store.js';

/** How many processes contend at once. */
const CONTENDERS = 6;

describe('several processes on one file', () => {
  let compiled: string;
  let at: TemporaryStore;
  let drivers: Driver[];

  beforeAll(() => {
    compiled = compileSources(mkdtempSync(join(tmpdir(), 'cutover-compiled-')), ['src/store', 'src/evidence', 'test/store']);
  });
  afterAll(() => {
    rmSync(compiled, { recursive: true });
  });
  beforeEach(() => {
    at = new TemporaryStore();
    drivers = [];
  });
  afterEach(async () => {
    for (const driver of drivers) await driver.kill();
    await at.dispose();
  });

  const startDriver = async (task: string): Promise<Driver> => {
    const driver = new Driver(join(compiled, 'test/store/driver-process.js'), task, at.file);
    drivers.push(driver);
    expect(await driver.read()).toBe('ready');
    return driver;
  };
  const contend = async (task: string): Promise<Answer[]> => {
    const contenders = await Promise.all(Array.from({ length: CONTENDERS }, () => startDriver(task)));
    for (const contender of contenders) contender.go();
    return Promise.all(contenders.map(async (contender) => (await contender.read()) as Answer));
  };

  test('of those that make the database and the same run at once, one gets the run and the others are told', async () => {
    const answers = await contend('create');
    expect(answers.filter((answer) => 'fence' in answer)).toHaveLength(1);
    expect(answers.filter((answer) => 'code' in answer && answer.code === 'RUN_EXISTS')).toHaveLength(CONTENDERS - 1);
    expect(await (await at.connect('read')).check()).toEqual({ runs: 1, transitions: 1, faults: [] });
  });

  test('of those that want a free lease at once, one gets it and the others are told who has it', async () => {
    const store = await at.connect();
    const { fence } = await store.createRun(newRun(), holder(), first());
    await store.releaseLease(RUN, fence);
    const answers = await contend('acquire');
    const granted = answers.filter((answer) => 'fence' in answer);
    expect(granted).toEqual([await store.getLease(RUN)]);
    expect(granted[0]).toMatchObject({ fence: 2 });
    const pid = (await store.getLease(RUN))?.holder?.pid;
    const refused = answers.filter((answer) => 'code' in answer);
    expect(refused).toHaveLength(CONTENDERS - 1);
    for (const answer of refused)
      expect(answer).toMatchObject({ code: 'LEASE_HELD', message: expect.stringContaining(`pid ${pid}`) });
  });

  test('SIGKILL amid a stream of commits loses none that was reported, and leaves no gap and no half', async () => {
    const store = await at.connect();
    await store.createRun(newRun(), holder(), first());
    for (const commits of [1, 2, 7, 40, 150]) {
      const driver = await startDriver('commit');
      driver.go();
      let reported = 0;
      for (let read = 0; read < commits; read += 1) reported = (await driver.read()) as number;
      reported = Math.max(reported, await driver.kill());
      const reopened = await at.connect('write');
      const { headSeq } = (await reopened.getRun(RUN)) ?? { headSeq: 0 };
      expect(headSeq).toBeGreaterThanOrEqual(reported);
      expect(await reopened.check()).toEqual({ runs: 1, transitions: headSeq, faults: [] });
      const pending = (await reopened.attempts(RUN)).filter(({ status }) => status === 'pending');
      expect(pending.map(({ step }) => step)).toEqual([`step${headSeq}`]);
    }
  });

  test('a driver is stopped by a takeover in the middle of its commits', async () => {
    const store = await at.connect();
    await store.createRun(newRun(), holder(), first());
    const driver = await startDriver('commit');
    driver.go();
    for (let read = 0; read < 20; read += 1) await driver.read();
    await store.seizeLease(RUN, holder(), '2026-03-01T09:00:00Z');
    const { headSeq } = (await store.getRun(RUN)) ?? { headSeq: 0 };
    let last: unknown = null;
    for (let line = await driver.read(); line !== null; line = await driver.read()) last = line;
    expect(last).toMatchObject({ code: 'LEASE_LOST' });
    expect(await store.getRun(RUN)).toMatchObject({ headSeq });
  });
});

type Answer = LeaseRecord | { readonly code: string; readonly message: string };

/** A process that runs driver-process.ts. */
class Driver {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #exited: Promise<unknown>;

  constructor(script: string, task: string, file: string) {
    const child = spawnProcess(process.execPath, [script, task, file], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#process = child;
    this.#exited = once(child, 'exit');
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  go(): void {
    this.#process.stdin?.write('go\n');
  }

  /** The next value that it printed; null when it has ended. */
  async read(): Promise<unknown> {
    const { value, done } = await this.#lines.next();
    return done === true ? null : (JSON.parse(value) as unknown);
  }

  /** Kills it if it runs, waits for its end, and returns the largest number that it had printed and nobody had read. */
  async kill(): Promise<number> {
    this.#process.kill('SIGKILL');
    await this.#exited;
    let largest = 0;
    for (let value = await this.read(); value !== null; value = await this.read()) {
      if (typeof value === 'number') largest = Math.max(largest, value);
    }
    return largest;
  }
}
