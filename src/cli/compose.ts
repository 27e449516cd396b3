import { hostname, userInfo } from 'node:os';
import { dirname } from 'node:path';
import { bootId, machineId, processStartTime } from '../actors/process/process-identity.js';
import { createEngine } from '../engine/create-engine.js';
import type { EngineNotice } from '../engine/engine.js';
import { knownSecrets } from '../evidence/known-secrets.js';
import { openEvidenceDir } from '../evidence/local-evidence-dir.js';
import { jsonRedactor } from '../evidence/redact-json.js';
import { createRedactor } from '../evidence/redaction.js';
import type { LeaseHolder } from '../store/store.js';
import { openSqliteStore } from '../store/sqlite/sqlite-store.js';
import type { Io, Workspace, WorkspaceOptions } from './io.js';
import type { Journal, JournalOptions } from './journal.js';
import { pilotDefinition } from './pilot-definition.js';

/** The composition root: store, evidence, actors and engine of this process. Throws `StoreUnavailableError`. */
export async function openWorkspace({ db, mode, command, notify }: WorkspaceOptions, io: Io): Promise<Workspace> {
  const store = await openSqliteStore(db, { mode });
  const known = knownSecrets(io.env);
  const openEvidence: Workspace['openEvidence'] = ({ evidenceDir }) =>
    openEvidenceDir(evidenceDir, { root: dirname(evidenceDir), redactor: () => createRedactor({ known }) });
  // Reading commands leave nothing behind, a log of themselves included.
  const journal = mode === 'read' ? null : await journalOf({ db, command, known }, io);
  const redact = jsonRedactor(known);
  const engine = createEngine({
    definition: pilotDefinition,
    store,
    openEvidence,
    env: io.env,
    now: () => io.now(),
    redact,
    holder: thisProcess(),
    notify: (notice) => {
      const shown: EngineNotice = notice.type === 'output' ? redact(notice) : notice;
      journal?.notice(shown);
      notify(shown);
    },
    signal: mode === 'read' ? new AbortController().signal : io.signal,
  });
  return {
    engine,
    store,
    openEvidence,
    knownSecrets: known,
    observeWorld: async (settings, known) => {
      const { observeWorld } = await import('../actors/observe-world.js');
      return observeWorld(settings, io.env, io.signal, known);
    },
    logError: (error, runId) => journal?.error(error, runId),
    close: async () => {
      journal?.close();
      await store.close();
    },
  };
}

/** Loaded on demand: most commands only read. */
async function journalOf(options: Omit<JournalOptions, 'onFailure'>, io: Io): Promise<Journal> {
  const { openJournal } = await import('./journal.js');
  return openJournal({ ...options, onFailure: (text) => io.stderr.write(`${text}\n`) });
}

function thisProcess(): LeaseHolder {
  return {
    user: userInfo().username,
    host: hostname(),
    machineId: machineId(),
    bootId: bootId(),
    pid: process.pid,
    startTime: processStartTime(process.pid),
  };
}
