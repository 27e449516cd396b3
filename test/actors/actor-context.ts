import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ActorContext, ChildProcess } from '../../src/actors/actor.js';
import type { EvidenceDir, EvidenceLog } from '../../src/evidence/evidence-dir.js';
import type { HistoryRecord } from '../../src/evidence/history-record.js';
import { knownSecrets } from '../../src/evidence/known-secrets.js';
import { attemptLogName } from '../../src/evidence/layout.js';
import { openEvidenceDir } from '../../src/evidence/local-evidence-dir.js';
import { createRedactor } from '../../src/evidence/redaction.js';

/** An attempt's context on a real evidence directory in a temporary folder, with a record of what the actor told the engine. */
export interface TestContext extends ActorContext {
  /** The temporary folder: the evidence root is `evidence` in it. */
  readonly folder: string;
  readonly started: ChildProcess[];
  readonly ended: ChildProcess[];
  readonly events: { readonly type: string; readonly [fact: string]: unknown }[];
  readonly lines: string[];
  /** An evidence file as text. */
  text(name: string): Promise<string>;
  /** Closes the logs and removes the folder. */
  remove(): Promise<void>;
}

export interface TestContextOverrides extends Partial<Omit<ActorContext, 'evidence' | 'openLog'>> {
  /** The history that `history()` yields. */
  readonly records?: readonly HistoryRecord[];
}

export const TEST_RUN_ID = '20260221T120000Z';

/** Makes the evidence directory of a run. Call `remove()` at the end of the test. */
export async function createTestContext(overrides: TestContextOverrides = {}): Promise<TestContext> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'cutover-actor-')));
  const { records = [], ...given } = overrides;
  const runId = given.runId ?? TEST_RUN_ID;
  const env = given.env ?? process.env;
  const root = join(folder, 'evidence');
  const evidence = openEvidenceDir(join(root, runId), { root, redactor: () => createRedactor({ known: knownSecrets(env) }) });
  await evidence.create();
  const logs: EvidenceLog[] = [];
  const started: ChildProcess[] = [];
  const ended: ChildProcess[] = [];
  const events: TestContext['events'] = [];
  const lines: string[] = [];
  return {
    runId,
    step: 'step',
    attempt: 1,
    signal: new AbortController().signal,
    env,
    now: () => new Date('2026-02-21T12:00:01.000Z'),
    report: async (event) => void events.push(event),
    childStarted: async (child) => void started.push(child),
    childEnded: async (child) => void ended.push(child),
    progress: (line) => void lines.push(line),
    history: async function* ({ after, upTo }) {
      for (const record of records) if (record.seq > after && record.seq <= upTo) yield record;
    },
    ...given,
    evidence,
    openLog: async (name, options) => {
      if (options?.append !== true) await keepEarlier(evidence, name);
      const log = await evidence.openLog(name, options);
      logs.push(log);
      return log;
    },
    folder,
    started,
    ended,
    events,
    lines,
    text: async (name) => (await evidence.read(name, 64 * 1024 * 1024)).toString('utf8'),
    remove: async () => {
      await Promise.allSettled(logs.map((log) => log.close()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** As the engine does it: the log of an earlier attempt is kept under the next free name. */
async function keepEarlier(evidence: EvidenceDir, name: string): Promise<void> {
  if (!(await evidence.exists(name))) return;
  let attempt = 1;
  while (await evidence.exists(attemptLogName(name, attempt))) attempt += 1;
  await evidence.rename(name, attemptLogName(name, attempt));
}
