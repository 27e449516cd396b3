import { resolve } from 'node:path';
import type { Command, OptionValues } from 'commander';
import { text } from '../command.js';
import { UsageError } from '../errors.js';
import type { Io } from '../io.js';

/** How a signature with a key is made: here, or on another machine. */
export interface SigningOptions {
  /** The OpenSSH key that signs here, absolute. */
  readonly signWith: string | null;
  /** Where the statement for a key elsewhere is written to; with `response`, where it is. Absolute. */
  readonly request: string | null;
  /** The signature that came back, absolute. */
  readonly response: string | null;
}

export function defineSigning(command: Command): void {
  command
    .option('--sign-with <file>', 'sign with this OpenSSH key, or the .pub file of one that ssh-agent holds')
    .option('--request <file>', 'write the statement that is to be signed on another machine; with --response: that file')
    .option('--response <file>', 'the signature of the statement, as ssh-keygen -Y sign made it');
}

/** Throws `UsageError` for a response whose statement is not known, and where nobody is named who signs. */
export function parseSigning(raw: OptionValues, io: Io): SigningOptions {
  const path = (name: string) => {
    const given = text(raw, name);
    return given === undefined ? null : resolve(io.cwd, given);
  };
  const response = path('response');
  // Whoever brings a signature back need not be the signer: the key says who that is.
  if (io.prompt === null && response === null && text(raw, 'as') === undefined) {
    throw new UsageError('--as is missing: without a terminal nobody can be asked who signs. Give --as NAME.');
  }
  return {
    signWith: path('signWith'),
    request: path('request') ?? (response === null ? null : requestOf(response)),
    response,
  };
}

/** `sign-off.json.sig` -> `sign-off.json`, as ssh-keygen names its output. */
function requestOf(response: string): string {
  if (response.endsWith('.sig')) return response.slice(0, -'.sig'.length);
  throw new UsageError(`--response ${response} does not end in .sig: name the statement that it is of, too: --request FILE.`);
}
