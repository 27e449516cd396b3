import type { Command, OptionValues } from 'commander';
import type { Identity } from '../evidence/history-record.js';
import { text } from './command.js';
import { identityOf } from './identity.js';
import type { Io } from './io.js';

/** `<run>`: an id, the beginning of one, or `latest`. Commands that only read take the latest when none is named. */
export function defineRun(command: Command, necessity: 'required' | 'optional'): void {
  if (necessity === 'required') command.argument('<run>', 'the run: an id, the beginning of one, or "latest"');
  else command.argument('[run]', 'the run: an id, the beginning of one, or "latest" (the default)');
}

export function defineWho(command: Command): void {
  command.option('--as <name>', 'who you are (default: $USER)');
}

export function defineDrift(command: Command): void {
  command.option('--accept-drift <reason>', 'go on although the world has changed since the start (on the record)');
}

export interface DecisionOptions {
  readonly run: string;
  readonly who: Identity;
  readonly acceptDrift: string | null;
}

/** What every decision about a run is made of. */
export async function parseDecision(args: readonly (string | undefined)[], raw: OptionValues, io: Io): Promise<DecisionOptions> {
  const who = await identityOf(text(raw, 'as'), io);
  return { run: args[0] ?? 'latest', who, acceptDrift: text(raw, 'acceptDrift') ?? null };
}
