import { join } from 'node:path';
import { processStartTime } from '../../src/actors/process/process-identity.js';
import { createEngine } from '../../src/engine/create-engine.js';
import type { Engine, EngineNotice, EngineOptions, NewRunRequest, Prepare, RunView } from '../../src/engine/engine.js';
import type { EvidenceDir } from '../../src/evidence/evidence-dir.js';
import { openEvidenceDir } from '../../src/evidence/local-evidence-dir.js';
import { createRedactor } from '../../src/evidence/redaction.js';
import type { LeaseHolder, Store } from '../../src/store/store.js';
import { holder, operator, RUN } from '../store/builders.js';
import { TemporaryStore } from '../store/temporary-store.js';
import { Ledger, toyActors } from './toy-actors.js';
import { toyDefinition, type ToyActors } from './toy-machine.js';

/** The largest process id is below this one (proc(5), pid_max): nobody has it. */
const NO_PID = 4_194_304;

/** A driver on this host that has died. */
export function deadHolder(): LeaseHolder {
  return holder(NO_PID + 1);
}

/** This very process, on the host of `deadHolder`. */
export function livingHolder(): LeaseHolder {
  return { ...holder(process.pid), startTime: processStartTime(process.pid) };
}

export type ToyOptions = Partial<EngineOptions> & {
  /** Those not given do what toy-actors.ts says. */
  readonly actors?: Partial<ToyActors>;
};

/** A place where toy runs are driven: a real store, real evidence directories, and a ledger of the effects. */
export class Toy {
  readonly at = new TemporaryStore();
  readonly ledger = new Ledger(join(this.at.directory, 'ledger.txt'));
  readonly notices: EngineNotice[] = [];

  /** A driver of its own, on a connection of its own. */
  async engine({ actors = {}, ...changes }: ToyOptions = {}): Promise<Engine> {
    const store = changes.store ?? (await this.at.connect());
    const options = toyOptions(store, this.at.directory, { ...toyActors({ ledger: this.ledger }), ...actors });
    return createEngine({ ...options, notify: (notice) => void this.notices.push(notice), ...changes });
  }

  /** Another connection to the store. */
  store(): Promise<Store> {
    return this.at.connect();
  }

  request(runId = RUN, event: Readonly<Record<string, unknown>> = {}): NewRunRequest {
    return toyRequest(this.at.directory, runId, event);
  }

  evidence(runId = RUN): EvidenceDir {
    return openEvidence(join(this.at.directory, 'evidence', runId), join(this.at.directory, 'evidence'));
  }

  dispose(): Promise<void> {
    return this.at.dispose();
  }
}

/** An engine's options for a toy whose evidence lies in `directory`. */
export function toyOptions(store: Store, directory: string, actors: ToyActors): EngineOptions {
  return {
    definition: toyDefinition(actors),
    store,
    openEvidence: ({ evidenceDir }) => openEvidence(evidenceDir, join(directory, 'evidence')),
    env: process.env,
    now: () => new Date(),
    redact: (event) => event,
    holder: livingHolder(),
    notify: () => {},
    signal: new AbortController().signal,
  };
}

export function toyRequest(directory: string, runId = RUN, event: Readonly<Record<string, unknown>> = {}): NewRunRequest {
  const evidenceDir = join(directory, 'evidence', runId);
  return { runId, evidenceDir, directory, who: operator, event: { type: 'STARTED', ...event } };
}

export function openEvidence(path: string, root: string): EvidenceDir {
  return openEvidenceDir(path, { root, redactor: () => createRedactor() });
}

/** The person whom the pause waits for. */
export const approve: Prepare = async ({ run }) => (run.status === 'waiting' ? [{ type: 'APPROVED' }] : []);

/** Brings a run, begun or not, to its end. */
export async function finish(engine: Engine, store: Store, request: NewRunRequest): Promise<RunView> {
  if ((await store.getRun(request.runId)) === null) await engine.start(request);
  for (;;) {
    const view = await engine.resume(request.runId, request.who, approve);
    if (view.run.status !== 'waiting') return view;
  }
}
