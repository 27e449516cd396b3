import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { RunView } from '../engine/engine.js';
import { RUN_ID } from '../evidence/layout.js';
import { named } from '../evidence/person.js';
import type { PilotContext } from '../machine/context.js';
import type { CommonOptions } from './command.js';
import type { PreviousRun } from '../store/store.js';
import type { Workspace } from './io.js';
import { contextOf } from './run-facts.js';
import { oneLine, table } from './table.js';

export interface PopulationRow {
  readonly run: string;
  readonly startedAt: string;
  readonly status: string;
  readonly state: string;
  readonly verdict: string | null;
  readonly operator: string;
  readonly environment: string | null;
  readonly commit: string | null;
  readonly head: { readonly seq: number; readonly hash: string };
  /** What was sealed, and where; null when it was not. */
  readonly sealed: { readonly sha256: string; readonly versionId: string | null } | null;
  /** The run before it; null: it was the first one; undefined: it was started by a release that did not record it. */
  readonly previous: PreviousRun | null | undefined;
}

export interface Population {
  readonly runs: readonly PopulationRow[];
  /** What is missing, or does not fit; empty when nothing is. */
  readonly gaps: readonly string[];
}

const PAGE = 500;

/**
 * Every run of the database, oldest first. A run names the one before it, and its head at that time, in its first transition: one that
 * was taken out is missed by its successor. One that has a directory beside the others, but no row, is missed, too.
 */
export async function population({ engine, store }: Workspace): Promise<Population> {
  const rows: PopulationRow[] = [];
  const roots = new Set<string>();
  let before: string | null = null;
  for (;;) {
    const views: readonly RunView[] = await engine.list(before === null ? { limit: PAGE } : { before, limit: PAGE });
    for (const view of views) {
      roots.add(dirname(view.run.evidenceDir));
      rows.push(rowOf(view, await previousIn(store, view.run.runId)));
    }
    const last = views.at(-1);
    if (last === undefined || views.length < PAGE) break;
    before = last.run.runId;
  }
  rows.reverse();
  return { runs: rows, gaps: [...(await brokenLinks(rows, store)), ...(await unknownDirectories(rows, roots))] };
}

function rowOf(view: RunView, previous: PopulationRow['previous']): PopulationRow {
  const { run } = view;
  const context: PilotContext = contextOf(view);
  const archived = context.results['sealing.archiving']?.facts as { readonly sha256: string } | undefined;
  const uploaded = context.results['sealing.uploading']?.facts as { readonly versionId: string } | undefined;
  return {
    run: run.runId,
    startedAt: run.createdAt,
    status: run.status,
    state: run.state,
    verdict: context.results.summarizing === undefined ? null : (context.summary?.document.verdict ?? null),
    operator: named(run.operator),
    environment: run.environment,
    commit: run.gitHead,
    head: { seq: run.headSeq, hash: run.headHash },
    sealed: archived === undefined ? null : { sha256: archived.sha256, versionId: uploaded?.versionId ?? null },
    previous,
  };
}

async function previousIn(store: Workspace['store'], runId: string): Promise<PopulationRow['previous']> {
  for await (const { event } of store.history(runId, { upTo: 1 })) return event['previous'] as PopulationRow['previous'];
  throw new Error(`run ${runId} has no first transition`);
}

async function brokenLinks(rows: readonly PopulationRow[], store: Workspace['store']): Promise<string[]> {
  const known = new Set(rows.map(({ run }) => run));
  const gaps: string[] = [];
  for (const { run, previous } of rows) {
    if (previous === null || previous === undefined) continue;
    if (!known.has(previous.run)) gaps.push(`run ${previous.run} is missing: run ${run} was started after it`);
    else if ((await hashAt(store, previous)) !== previous.hash) {
      gaps.push(
        `run ${previous.run} is not what it was when run ${run} was started: transition ${previous.seq} has another hash`,
      );
    }
  }
  const [, ...later] = rows.filter(({ previous }) => previous === null);
  return [...gaps, ...later.map(({ run }) => `run ${run} names no run before it, and is not the first one`)];
}

async function hashAt(store: Workspace['store'], { run, seq }: PreviousRun): Promise<string | null> {
  for await (const { hash } of store.history(run, { after: seq - 1, upTo: seq })) return hash;
  return null;
}

async function unknownDirectories(rows: readonly PopulationRow[], roots: ReadonlySet<string>): Promise<string[]> {
  const known = new Set(rows.map(({ run }) => run));
  const gaps: string[] = [];
  for (const root of roots) {
    const names = await readdir(root).catch((error: unknown) => {
      gaps.push(`the evidence root ${root} cannot be read (${(error as Error).message})`);
      return [];
    });
    for (const name of names) {
      if (RUN_ID.test(name) && !known.has(name)) gaps.push(`${join(root, name)} is of a run that the database does not have`);
    }
  }
  return gaps;
}

export function shownPopulation({ runs, gaps }: Population, { palette }: Pick<CommonOptions, 'palette'>): string[] {
  const header = ['RUN', 'STATUS', 'VERDICT', 'OPERATOR', 'COMMIT', 'SEQ', 'HEAD', 'ARCHIVE', 'AFTER'];
  const rows = runs.map(({ run, status, verdict, operator, commit, head, sealed, previous }) =>
    [
      run,
      status,
      verdict ?? '-',
      operator,
      commit?.slice(0, 12) ?? '-',
      String(head.seq),
      head.hash.slice(0, 12),
      sealed?.sha256.slice(0, 12) ?? '-',
      previous?.run ?? '-',
    ].map(oneLine),
  );
  const total = `${runs.length} run${runs.length === 1 ? '' : 's'}`;
  return [
    ...table([header, ...rows]),
    '',
    ...gaps.map((gap) => palette.red(`GAP: ${oneLine(gap)}`)),
    gaps.length === 0 ? palette.green(`${total}, none is missing`) : palette.red(`${total}, gaps: ${gaps.length}`),
  ];
}
