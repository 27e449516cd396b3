import { Command, CommanderError } from 'commander';
import { CATALOGUE, type CatalogueEntry } from './catalogue.js';
import { PROGRAM_VERSION } from '../config/program-version.js';
import { defineCommon } from './command.js';
import { reportError } from './error-report.js';
import { EXIT } from './exit-codes.js';
import type { Io } from './io.js';

/** Runs the command line and gives the exit code. Only the file of the command that is called is loaded. */
export async function runProgram(argv: readonly string[], io: Io): Promise<number> {
  let code: number = EXIT.ok;
  try {
    const called = argv.find((word) => !word.startsWith('-'));
    const program = await buildProgram(
      io,
      // A completion tells every option there is.
      (entry) => entry.name === called || called === 'completion',
      (exit) => (code = exit),
    );
    if (argv.length === 0) {
      io.stderr.write(program.helpInformation());
      return EXIT.usage;
    }
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok;
    return reportError(error, { json: argv.includes('--json'), color: !argv.includes('--no-color') }, io);
  }
}

/** Commander's tree: whole for the commands that are `wanted`, name and summary for the others. */
async function buildProgram(
  io: Io,
  wanted: (entry: CatalogueEntry) => boolean,
  done: (exitCode: number) => void,
): Promise<Command> {
  const program = new Command('cutover')
    .description('Takes a production cutover from preflight to a sealed evidence archive, durably and on the record.')
    .usage('<command> [options]')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      // What is wrong is said once, at the edge: see error-report.ts.
      writeErr: () => {},
    })
    .configureHelp({ showGlobalOptions: false })
    .option('-V, --version', 'print the version')
    .helpCommand(false)
    .addHelpText('after', FOOTER);
  program.on('option:version', () => {
    io.stdout.write(`${PROGRAM_VERSION}\n`);
    throw new CommanderError(0, 'commander.version', PROGRAM_VERSION);
  });
  for (const entry of CATALOGUE) {
    const command = program.command(entry.name).summary(entry.summary).helpGroup(entry.group);
    if (wanted(entry)) await defineWhole(command, entry, io, done);
  }
  return program;
}

async function defineWhole(command: Command, entry: CatalogueEntry, io: Io, done: (exitCode: number) => void): Promise<void> {
  const file = await entry.load();
  command.description(`${entry.summary.charAt(0).toUpperCase()}${entry.summary.slice(1)}.`);
  file.define(command);
  defineCommon(command);
  command.allowExcessArguments(false);
  command.addHelpText('after', ['', 'Examples:', ...file.examples.map((example) => `  $ ${example}`), ''].join('\n'));
  command.action(async () => {
    done(await file.call(command, io));
  });
}

const FOOTER = `
Exit codes: 0 PASS or done, 1 failed, 2 waiting for a human, 64 usage, 75 held by another, 129/130/143 interrupted.
<run> is an id, the beginning of one, or "latest". Each command: cutover <command> --help

Examples:
  $ cutover preflight
  $ cutover start
  $ cutover sign-off latest --as verifier@example.com
  $ cutover resume latest
`;
