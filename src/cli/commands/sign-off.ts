import { resolve } from 'node:path';
import type { OptionValues } from 'commander';
import type { RunView } from '../../engine/engine.js';
import { flag, requiredText, text, type CommandFile } from '../command.js';
import { deciding } from '../drive.js';
import { UsageError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { refuseClaimOfAnother, requireWaiting } from '../human-gate.js';
import { permitted } from '../permission.js';
import { defineDrift, defineRun, defineWho, parseDecision, type DecisionOptions } from '../run-argument.js';
import { showResult } from '../run-card.js';
import { confirmed } from '../sign-off/confirm.js';
import { defineSigning, parseSigning, type SigningOptions } from '../sign-off/key-options.js';
import { signOffRun } from '../sign-off/sign-off-run.js';

export interface SignOffOptions extends DecisionOptions, SigningOptions {
  /** The completed form, absolute; null: the one in the evidence directory. */
  readonly file: string | null;
  /** Why the restore failed; null for a sign-off. */
  readonly rejectedBecause: string | null;
  readonly andResume: boolean;
  /** Someone at the terminal is asked: for what the form lacks, and to type the run's id. */
  readonly confirm: boolean;
  /** Everything in the form is asked again. */
  readonly edit: boolean;
}

/** The human gate, on purpose. It commits and does not drive on: that is the operator's part, unless `--and-resume` says so. */
export const signOff: CommandFile<SignOffOptions> = {
  define(command) {
    defineRun(command, 'required');
    defineWho(command);
    defineSigning(command);
    command
      .option('--edit', 'go through the whole form, not only through what it lacks (at a terminal)')
      .option('--file <file>', 'a completed checkpoint: copied into the evidence, the earlier one is kept')
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
  async parse(args, raw, io) {
    refuseCombinations(raw);
    if (flag(raw, 'edit') && (io.prompt === null || flag(raw, 'yes')))
      throw new UsageError(
        '--edit asks at a terminal, and there is none (or --yes was given). Use an editor, then sign without it.',
      );
    const file = text(raw, 'file');
    return {
      ...(await parseDecision(args, raw, io)),
      ...parseSigning(raw, io),
      file: file === undefined ? null : resolve(io.cwd, file),
      rejectedBecause: flag(raw, 'reject') ? requiredText(raw, 'reason', 'say why the restore is rejected.') : null,
      andResume: flag(raw, 'andResume'),
      confirm: !flag(raw, 'yes'),
      edit: flag(raw, 'edit'),
    };
  },
  async run(options, io) {
    if (options.rejectedBecause === null) return signOffRun(options, io);
    const { who, rejectedBecause: reason } = options;
    const view = await deciding(options, 'sign-off', io, async ({ engine }, runId) => {
      const rejection = (now: RunView) => {
        requireWaiting(now);
        const rejected = permitted(now, who, { type: 'VERIFICATION_REJECTED', reason, by: who.user });
        refuseClaimOfAnother(now, [who.user]);
        return rejected;
      };
      rejection(await engine.inspect(runId));
      await confirmed(`You reject the DB restore of run ${runId}`, runId, options, io);
      return engine.send(runId, who, async (now) => [rejection(now)]);
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
