import { resolve } from 'node:path';
import type { Command, OptionValues } from 'commander';
import { UsageError } from './errors.js';
import type { Io } from './io.js';
import { paletteFor, type Palette } from './palette.js';

/** A command: how it is written, what it takes, and what it does. `parse` throws `UsageError`; `run` gives the exit code. */
export interface CommandFile<Options> {
  /** Arguments, options, description; nothing that every command has. */
  define(command: Command): void;
  readonly examples: readonly string[];
  parse(args: readonly (string | undefined)[], raw: OptionValues, io: Io, command: Command): Options | Promise<Options>;
  run(options: Options & CommonOptions, io: Io): Promise<number>;
}

/** A command whose options are its own affair: what the program sees of it. */
export interface LoadedCommand extends Pick<CommandFile<unknown>, 'define' | 'examples'> {
  /** With what commander has read into it. */
  call(command: Command, io: Io): Promise<number>;
}

export function loaded<Options extends object>(file: CommandFile<Options>): LoadedCommand {
  return {
    define: (command) => file.define(command),
    examples: file.examples,
    async call(command, io) {
      const raw = command.opts();
      const args = command.processedArgs as readonly (string | undefined)[];
      return file.run({ ...parseCommon(raw, io), ...(await file.parse(args, raw, io, command)) }, io);
    },
  };
}

export interface CommonOptions {
  /** The database file, absolute. */
  readonly db: string;
  readonly json: boolean;
  /** Colours for stdout. */
  readonly palette: Palette;
  /** Colours for stderr. */
  readonly stderrPalette: Palette;
}

/** The options that every command has. */
export function defineCommon(command: Command): void {
  command
    .option('--db <file>', 'the database (default: $CUTOVER_DB, or ./.cutover/cutover.db)')
    .option('--json', 'one JSON document on stdout (lines of JSON for streams)')
    .option('--no-color', 'no colours (also: NO_COLOR; FORCE_COLOR asks for them)');
}

export function parseCommon(raw: OptionValues, io: Io): CommonOptions {
  const db = text(raw, 'db') ?? (io.env['CUTOVER_DB'] || '.cutover/cutover.db');
  const color = raw['color'] !== false;
  return {
    db: resolve(io.cwd, db),
    json: raw['json'] === true,
    palette: paletteFor(io.stdout, io.env, color && raw['json'] !== true),
    stderrPalette: paletteFor(io.stderr, io.env, color),
  };
}

/** An option's text; undefined where it was not given. Throws `UsageError` for an empty one. */
export function text(raw: OptionValues, name: string): string | undefined {
  const value: unknown = raw[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value.trim() === '') throw new UsageError(`--${kebab(name)} is empty. Give it a value.`);
  return value;
}

/** As `text`, for an option without which the command makes no sense. */
export function requiredText(raw: OptionValues, name: string, why: string): string {
  const value = text(raw, name);
  if (value === undefined) throw new UsageError(`--${kebab(name)} is missing: ${why}`);
  return value;
}

/** A positive integer. Throws `UsageError` that repeats what was given. */
export function count(raw: OptionValues, name: string): number | undefined {
  const value = text(raw, name);
  if (value === undefined) return undefined;
  const parsed = Number(value);
  if (!/^\d+$/.test(value) || !Number.isSafeInteger(parsed) || parsed < 1) {
    throw new UsageError(`--${kebab(name)} is ${JSON.stringify(value)}: give a whole number from 1.`);
  }
  return parsed;
}

export function flag(raw: OptionValues, name: string): boolean {
  return raw[name] === true;
}

/** One of the words, or `UsageError` that names them. */
export function oneOf<const Word extends string>(given: string, words: readonly Word[], what: string): Word {
  const word = words.find((candidate) => candidate === given);
  if (word === undefined) throw new UsageError(`${what} is ${JSON.stringify(given)}: give one of ${words.join(', ')}.`);
  return word;
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
