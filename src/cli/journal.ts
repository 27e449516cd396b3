import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Logger } from 'pino';
import { pino } from 'pino';
import type { EngineNotice } from '../engine/engine.js';
import type { KnownSecret } from '../evidence/known-secrets.js';
import { createRedactor } from '../evidence/redaction.js';

/** The program's own log, for whoever looks into a defect: lines of JSON in `logs/` beside the database. Never evidence. */
export interface Journal {
  notice(notice: EngineNotice): void;
  error(error: unknown, runId: string | null): void;
  close(): void;
}

export interface JournalOptions {
  /** The database file, absolute. */
  readonly db: string;
  /** Names the file where no run is known. */
  readonly command: string;
  readonly known: readonly KnownSecret[];
  /** Told once when the log cannot be written: a run does not fail for it. */
  readonly onFailure: (message: string) => void;
}

/** One file a run, opened at its first line. Each line goes through the redactor. */
export function openJournal({ db, command, known, onFailure }: JournalOptions): Journal {
  const files = new Map<string, { readonly log: Logger; close(): void }>();
  let failed = false;
  const logOf = (name: string) => {
    let file = files.get(name);
    if (file === undefined) files.set(name, (file = openFile(join(dirname(db), 'logs', `${name}.ndjson`), known)));
    return file.log.child({ command });
  };
  const write = (name: string, work: (log: Logger) => void) => {
    if (failed) return;
    try {
      work(logOf(name));
    } catch (error) {
      failed = true;
      onFailure(
        `The log ${name}.ndjson beside ${db} cannot be written (${(error as Error).message}). The run goes on without it.`,
      );
    }
  };
  return {
    notice: (notice) => write(runOf(notice), (log) => log.info(shortened(notice))),
    error: (error, runId) =>
      write(runId ?? command, (log) => log.error({ err: error }, error instanceof Error ? error.message : String(error))),
    close: () => {
      for (const { close } of files.values()) close();
    },
  };
}

function openFile(path: string, known: readonly KnownSecret[]): { log: Logger; close(): void } {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const descriptor = openSync(path, 'a', 0o600);
  const redactor = createRedactor({ known });
  // Synchronous: the line is there when the process dies right after it.
  const log = pino(
    { base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime },
    {
      write: (line: string) => void writeSync(descriptor, redactor.push(line)),
    },
  );
  return { log, close: () => closeSync(descriptor) };
}

function runOf(notice: EngineNotice): string {
  switch (notice.type) {
    case 'transition':
      return notice.record.run_id;
    case 'watching-lease':
      return notice.lease.runId;
    case 'attempt-started':
    case 'backing-off':
    case 'output':
      return notice.runId;
  }
}

/** The snapshot is in the store: a log of it would only repeat it. */
function shortened(notice: EngineNotice): object {
  if (notice.type !== 'transition') return notice;
  return { type: notice.type, record: { ...notice.record, snapshot: undefined } };
}
