import { setImmediate as nextTurn } from 'node:timers/promises';
import { ChainVerifier } from '../../evidence/hash-chain.js';
import type { Database } from './driver.js';
import { headFaults, attemptFaults, foreignKeyFaults, messageFaults } from './row-check.js';
import { schemaFaults } from './schema-check.js';
import { isCorrupt } from './sqlite-error.js';
import { parseCanonical, UnreadableValueError } from './stored-json.js';
import { TransitionTable } from './transitions.js';

export interface CheckResult {
  readonly runs: number;
  readonly transitions: number;
  readonly faults: readonly string[];
}

const PAGE = 500;

/**
 * Looks for every fault that the file itself can tell: SQLite's own checks, the schema with its triggers, each run's chain
 * up to its head, and the rows that must match it. Runs beside writers: chains are read up to a head taken first, the rest
 * by single statements, each of which sees one consistent state. Damage is a fault in the result, not an error.
 */
export async function checkDatabase(db: Database, file: string): Promise<CheckResult> {
  const faults: string[] = [];
  const look = async (finder: () => string[] | Promise<string[]>) => void faults.push(...(await faultsOf(finder)));
  await look(() => integrityFaults(db));
  await look(() => schemaFaults(db, file));
  await look(() => headFaults(db));
  await look(() => attemptFaults(db));
  await look(() => messageFaults(db));
  await look(() => foreignKeyFaults(db));
  let runs: readonly ChainOfRun[] = [];
  await look(() => {
    runs = chainsOf(db);
    return [];
  });
  let transitions = 0;
  for (const run of runs) {
    const chain = new ChainVerifier(run.runId);
    await look(() => chainFaults(db, run, chain));
    transitions += chain.length;
  }
  return { runs: runs.length, transitions, faults };
}

/** A run's chain as its row describes it. */
interface ChainOfRun {
  readonly runId: string;
  readonly headSeq: number;
  readonly headHash: string;
}

function chainsOf(db: Database): ChainOfRun[] {
  return db
    .prepare<[], ChainOfRun>('SELECT run_id AS runId, head_seq AS headSeq, head_hash AS headHash FROM runs ORDER BY run_id')
    .all();
}

/** Stops at the first fault: what follows a broken link proves nothing. */
async function chainFaults(db: Database, { runId, headSeq, headHash }: ChainOfRun, chain: ChainVerifier): Promise<string[]> {
  const table = new TransitionTable(db);
  for (;;) {
    const page = table.page(runId, chain.length, headSeq, PAGE, parseCanonical);
    for (const record of page) {
      const fault = chain.next(record);
      if (fault !== null) return [`run ${runId}: transition ${fault.seq}: ${fault.fault}`];
    }
    if (page.length < PAGE) break;
    await nextTurn();
  }
  // A chain that is too short is told by `headFaults`.
  if (chain.length !== headSeq || chain.head === headHash) return [];
  return [`run ${runId}: transition ${headSeq}: its hash is ${chain.head}, the run's row names ${headHash}`];
}

function integrityFaults(db: Database): string[] {
  const lines = db.prepare<[], string>('PRAGMA integrity_check').pluck().all();
  return lines.filter((line) => line !== 'ok').map((line) => `the file: ${line}`);
}

async function faultsOf(finder: () => string[] | Promise<string[]>): Promise<string[]> {
  try {
    return await finder();
  } catch (error) {
    if (error instanceof UnreadableValueError) return [error.message];
    if (isCorrupt(error)) return [`the file: ${(error as Error).message}`];
    throw error;
  }
}
