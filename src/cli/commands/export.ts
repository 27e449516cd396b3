import { resolve } from 'node:path';
import { flag, text, type CommandFile } from '../command.js';
import { UsageError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { exportRun } from '../export-run.js';
import { population, shownPopulation } from '../population.js';
import { reading } from '../with-run.js';

export interface ExportOptions {
  /** Null: the population. */
  readonly run: string | null;
  /** Absolute; null: named after the run, in the working directory. */
  readonly output: string | null;
}

/** What an auditor needs of a run for the whole retention, as one file; or the list of all runs. */
export const exportCommand: CommandFile<ExportOptions> = {
  define(command) {
    command
      .argument('[run]', 'an id, the beginning of one, or "latest"')
      .option('-o, --output <file>', 'the tar to write, never overwritten (default: cutover-<run>.tar)')
      .option('--population', 'no archive, but every run that was ever started, and what is missing among them');
  },
  examples: [
    'cutover export latest',
    'cutover export 20260221T120000Z --output /media/audit/cutover.tar',
    'cutover export --population',
    'cutover export --population --json',
  ],
  parse([run], raw, io) {
    const output = text(raw, 'output');
    if (flag(raw, 'population')) {
      if (run !== undefined || output !== undefined) throw new UsageError('--population is of all runs, and goes to stdout.');
      return { run: null, output: null };
    }
    if (run === undefined) throw new UsageError('Name a run, or ask for all of them: --population.');
    return { run, output: output === undefined ? null : resolve(io.cwd, output) };
  },
  async run(options, io) {
    const { run, output, json } = options;
    if (run !== null) {
      const exported = await exportRun(run, { ...options, output }, io);
      if (json) io.stdout.write(`${JSON.stringify(exported)}\n`);
      else {
        io.stdout.write(`Wrote ${exported.file}: ${exported.files.length} files of run ${exported.run}, verified.\n`);
        io.stdout.write(`Whoever has it: tar -xf ${exported.file}, and read ${exported.run}/VERIFY.md.\n`);
      }
      return EXIT.ok;
    }
    const all = await reading(options, 'export', io, (workspace) => population(workspace));
    if (json) io.stdout.write(`${JSON.stringify(all)}\n`);
    else io.stdout.write(`${shownPopulation(all, options).join('\n')}\n`);
    return all.gaps.length === 0 ? EXIT.ok : EXIT.failed;
  },
};
