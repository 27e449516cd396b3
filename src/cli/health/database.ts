import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { RUN_ID } from '../../evidence/layout.js';
import type { CommonOptions } from '../command.js';
import type { Io, Workspace } from '../io.js';
import { recordedLogDifferences } from '../recorded-logs.js';
import { reading } from '../with-run.js';
import { fault, good, type HealthFinding } from './finding.js';
import { outboxChecks } from './outbox.js';

/** The database with every chain in it, and the evidence of each run. */
export async function databaseChecks(options: CommonOptions, io: Io, evidenceRoot: string): Promise<HealthFinding[]> {
  try {
    if (!existsSync(options.db)) return [await noDatabase(options.db, evidenceRoot)];
    return await reading(options, 'doctor', io, async (workspace) => {
      const { runs, transitions, faults } = await workspace.store.check();
      const sum = `${options.db}: ${runs} runs, ${transitions} transitions, ${faults.length} faults`;
      return [
        faults.length === 0 ? good('database', sum) : fault('database', sum),
        ...faults.map((found) => fault('database', found)),
        ...(await evidenceChecks(workspace)),
        ...(await outboxChecks(workspace, io)),
      ];
    });
  } catch (error) {
    return [fault('database', (error as Error).message)];
  }
}

/** Before the first run there is none; evidence without one means that it was lost, or that another one is meant. */
async function noDatabase(db: string, evidenceRoot: string): Promise<HealthFinding> {
  const names = existsSync(evidenceRoot) ? await readdir(evidenceRoot) : [];
  const runs = names.filter((name) => RUN_ID.test(name));
  if (runs.length === 0) return good('database', `none yet at ${db}: the first run makes it`);
  return fault(
    'database',
    `none at ${db}, but ${evidenceRoot} has the evidence of ${runs.length} run(s): pass --db, or put the last good "cutover backup" there`,
  );
}

async function evidenceChecks({ store, openEvidence }: Workspace): Promise<HealthFinding[]> {
  const findings: HealthFinding[] = [];
  for (const run of await store.listRuns()) {
    const what = `evidence of ${run.runId}`;
    try {
      const directory = openEvidence(run);
      const files = await directory.list();
      const compare = async () => recordedLogDifferences(await store.attempts(run.runId), directory);
      // A driver may have begun a new log between the record and the file: what is still so at a second look is a fault.
      const differences = (await compare()).length === 0 ? [] : await compare();
      findings.push(...differences.map(({ file, message }) => fault(what, `${run.evidenceDir}/${file}: ${message}`)));
      findings.push(good(what, `${files.length} files in ${run.evidenceDir}`));
    } catch (error) {
      findings.push(fault(what, `${run.evidenceDir}: ${(error as Error).message}`));
    }
  }
  return findings;
}
