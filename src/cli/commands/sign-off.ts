import { resolve } from 'node:path';
import type { OptionValues } from 'commander';
import { flag, requiredText, text, type CommandFile } from '../command.js';
import { deciding } from '../drive.js';
import { UsageError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { refuseClaimOfAnother, requireWaiting } from '../human-gate.js';
import { defineDrift, defineRun, defineWho, parseDecision, type DecisionOptions } from '../run-argument.js';
import { showResult } from '../run-card.js';
import { confirmed } from '../sign-off/confirm.js';
import { signOffRun } from '../sign-off/sign-off-run.js';

export interface SignOffOptions extends DecisionOptions {
  /** The completed form, absolute; null: the one in the evidence directory. */
  readonly file: string | null;
  /** Why the restore failed; null for a sign-off. */
  readonly rejectedBecause: string | null;
  readonly andResume: boolean;
  /** Someone at the terminal is asked: for what the form lacks, and to type the run's id. */
  readonly confirm: boolean;
  /** Everything in the form is asked again. */
  readonly edit: boolean;
  /** The OpenSSH key that signs here, absolute. */
  readonly signWith: string | null;
  /** Where the statement for a key elsewhere is written to; with `response`, where it is. Absolute. */
  readonly request: string | null;
  /** The signature that came back, absolute. */
  readonly response: string | null;
}

/** The human gate, on purpose. It commits and does not drive on: that is the operator's part, unless `--and-resume` says so. */
export const signOff: CommandFile<SignOffOptions> = {
  define(command) {
    defineRun(command, 'required');
    defineWho(command);
    command
      .option('--edit', 'go through the whole form, not only through what it lacks (at a terminal)')
      .option('--file <file>', 'a completed checkpoint: copied into the evidence, the earlier one is kept')
      .option('--sign-with <file>', 'sign with this OpenSSH key, or the .pub file of one that ssh-agent holds')
      .option('--request <file>', 'write the statement that is to be signed on another machine; with --response: that file')
      .option('--response <file>', 'the signature of the statement, as ssh-keygen -Y sign made it')
      .option('--reject', 'the restore failed (with --reason)')
      .option('--reason <text>', 'why it is rejected')
      .option('--and-resume', 'go on with the sealing at once')
      .option('--yes', 'ask nothing at the terminal');
    defineDrift(command);
  },
  examples: [
    'cutover sign-off latest',
    'cutover sign-off 20260221T120000Z --as verifier@example.com --file ~/checkpoint.txt',
    'cutover sign-off latest --as verifier@example.com --sign-with ~/.ssh/id_ed25519',
    'cutover sign-off latest --as verifier@example.com --request .cutover/sign-off.json',
    'cutover sign-off latest --response .cutover/sign-off.json.sig',
    'cutover sign-off latest --reject --reason "the restore stopped at 80 %"',
  ],
  parse(args, raw, io) {
    refuseCombinations(raw);
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
      ...parseDecision(args, raw, io),
      file: path('file'),
      rejectedBecause: flag(raw, 'reject') ? requiredText(raw, 'reason', 'say why the restore is rejected.') : null,
      andResume: flag(raw, 'andResume'),
      confirm: !flag(raw, 'yes'),
      edit: flag(raw, 'edit'),
      signWith: path('signWith'),
      request: path('request') ?? (response === null ? null : requestOf(response)),
      response,
    };
  },
  async run(options, io) {
    if (options.rejectedBecause === null) return signOffRun(options, io);
    const { who, rejectedBecause: reason } = options;
    const view = await deciding(options, 'sign-off', io, async ({ engine }, runId) => {
      const mayReject = (now: Parameters<typeof requireWaiting>[0]) => {
        requireWaiting(now);
        refuseClaimOfAnother(now, [who.user]);
      };
      mayReject(await engine.inspect(runId));
      await confirmed(`You reject the DB restore of run ${runId}`, runId, options, io);
      return engine.send(runId, who, async (now) => {
        mayReject(now);
        return [{ type: 'VERIFICATION_REJECTED', reason, by: who.user }];
      });
    });
    await showResult(view, options, io);
    return EXIT.ok;
  },
};

/** A rejection needs no form, and a signature is made in one way. */
function refuseCombinations(raw: OptionValues): void {
  const given = ['reject', 'file', 'edit', 'signWith', 'request', 'response'].filter((name) => raw[name] !== undefined);
  const allowed = [
    ['file', 'signWith'],
    ['edit', 'signWith'],
    ['edit', 'request'],
    ['request', 'response'],
  ];
  if (given.length > 1 && !allowed.some((pair) => given.every((name) => pair.includes(name)))) {
    const names = given.map((name) => `--${name === 'signWith' ? 'sign-with' : name}`);
    throw new UsageError(
      `${names.join(' and ')} exclude each other. A rejection needs no form; a form or a signature comes in one way.`,
    );
  }
  if (raw['reject'] === undefined && text(raw, 'reason') !== undefined)
    throw new UsageError('--reason belongs to --reject: a sign-off says it all in the form.');
}

/** `sign-off.json.sig` -> `sign-off.json`, as ssh-keygen names its output. */
function requestOf(response: string): string {
  if (response.endsWith('.sig')) return response.slice(0, -'.sig'.length);
  throw new UsageError(`--response ${response} does not end in .sig: name the statement that it is of, too: --request FILE.`);
}
