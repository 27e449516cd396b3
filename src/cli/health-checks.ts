import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { promisify } from 'node:util';
import { EVIDENCE_ROOT } from './begin-run.js';
import type { CommonOptions } from './command.js';
import { fileSize } from './clock-format.js';
import type { Io, Workspace } from './io.js';
import { recordedLogDifferences } from './recorded-logs.js';
import { reading } from './with-run.js';

/** A thing that was looked at. `found` says what was seen and, at a fault, what to do. */
export interface HealthFinding {
  readonly what: string;
  readonly ok: boolean;
  readonly found: string;
}

/** Node, tools, disk, database with its chains, and the evidence of every run. Each fault is a finding; none ends the others. */
export async function healthChecks(options: CommonOptions, io: Io): Promise<HealthFinding[]> {
  return [
    nodeVersion(),
    await tool('kubectl', ['version', '--client'], io),
    await tool('git', ['--version'], io),
    await diskSpace(options.db),
    ...(await database(options, io)),
  ];
}

/** Source: package.json, "engines". */
const OLDEST_NODE = [20, 19] as const;
const LEAST_FREE_BYTES = 1024 ** 3;
const TOOL_TIMEOUT_MS = 10_000;

function nodeVersion(): HealthFinding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const ok = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
  return {
    what: 'Node.js',
    ok,
    found: ok ? process.versions.node : `${process.versions.node}: install ${OLDEST_NODE.join('.')} or newer`,
  };
}

async function tool(command: string, args: string[], io: Io): Promise<HealthFinding> {
  try {
    const { stdout } = await promisify(execFile)(command, args, { env: io.env, cwd: io.cwd, timeout: TOOL_TIMEOUT_MS });
    const first = stdout.trim().split('\n')[0] ?? '';
    return {
      what: command,
      ok: first !== '',
      found: first === '' ? `"${command} ${args.join(' ')}" printed nothing: reinstall it` : first,
    };
  } catch (error) {
    return {
      what: command,
      ok: false,
      found: `"${command} ${args.join(' ')}" failed (${(error as Error).message}): install it, or mend PATH`,
    };
  }
}

async function diskSpace(db: string): Promise<HealthFinding> {
  let directory = dirname(db);
  while (!existsSync(directory) && dirname(directory) !== directory) directory = dirname(directory);
  try {
    const { bavail, bsize } = await statfs(directory);
    const free = bavail * bsize;
    const ok = free >= LEAST_FREE_BYTES;
    return {
      what: 'disk space',
      ok,
      found: `${fileSize(free)} free at ${directory}${ok ? '' : `: make room, at least ${fileSize(LEAST_FREE_BYTES)}`}`,
    };
  } catch (error) {
    return { what: 'disk space', ok: false, found: `${directory}: ${(error as Error).message}` };
  }
}

async function database(options: CommonOptions, io: Io): Promise<HealthFinding[]> {
  if (!existsSync(options.db)) return [await noDatabase(options, io)];
  try {
    return await reading(options, 'doctor', io, async (workspace) => {
      const { runs, transitions, faults } = await workspace.store.check();
      const sum: HealthFinding = {
        what: 'database',
        ok: faults.length === 0,
        found: `${options.db}: ${runs} runs, ${transitions} transitions, ${faults.length} faults`,
      };
      return [sum, ...faults.map((fault) => ({ what: 'database', ok: false, found: fault })), ...(await evidence(workspace))];
    });
  } catch (error) {
    return [{ what: 'database', ok: false, found: (error as Error).message }];
  }
}

/** Before the first run there is none; evidence without one means that it was lost, or that another one is meant. */
async function noDatabase({ db }: CommonOptions, io: Io): Promise<HealthFinding> {
  const root = resolve(io.cwd, EVIDENCE_ROOT);
  const runs = existsSync(root) ? (await readdir(root)).filter((name) => /^\d{8}T\d{6}Z$/.test(name)) : [];
  if (runs.length === 0) return { what: 'database', ok: true, found: `none yet at ${db}: the first run makes it` };
  const found = `none at ${db}, but ${root} has the evidence of ${runs.length} run(s): pass --db, or put the last good "cutover backup" there`;
  return { what: 'database', ok: false, found };
}

async function evidence({ store, openEvidence }: Workspace): Promise<HealthFinding[]> {
  const findings: HealthFinding[] = [];
  for (const run of await store.listRuns()) {
    try {
      const directory = openEvidence(run);
      const files = await directory.list();
      const compare = async () => recordedLogDifferences(await store.attempts(run.runId), directory);
      // A driver may have begun a new log between the record and the file: what is still so at a second look is a fault.
      const differences = (await compare()).length === 0 ? [] : await compare();
      for (const { file, message } of differences)
        findings.push({ what: `evidence of ${run.runId}`, ok: false, found: `${run.evidenceDir}/${file}: ${message}` });
      findings.push({ what: `evidence of ${run.runId}`, ok: true, found: `${files.length} files in ${run.evidenceDir}` });
    } catch (error) {
      findings.push({ what: `evidence of ${run.runId}`, ok: false, found: `${run.evidenceDir}: ${(error as Error).message}` });
    }
  }
  return findings;
}
