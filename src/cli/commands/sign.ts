import { SIGNING_ROLES, type SigningRole } from '../../config/policy.js';
import { flag, oneOf, requiredText, type CommandFile } from '../command.js';
import { UsageError } from '../errors.js';
import { defineDrift, defineRun, defineWho, parseDecision, type DecisionOptions } from '../run-argument.js';
import { countersignRun } from '../sign-off/countersign-run.js';
import { defineSigning, parseSigning, type SigningOptions } from '../sign-off/key-options.js';

export interface SignOptions extends DecisionOptions, SigningOptions {
  readonly role: SigningRole;
  /** Someone at the terminal is shown what is signed, and is to type the run's id. */
  readonly confirm: boolean;
}

/** A signature that the policy wants besides the sign-off: of a lead, or of a further verifier. The last one lets the run go on. */
export const sign: CommandFile<SignOptions> = {
  define(command) {
    defineRun(command, 'required');
    defineWho(command);
    command.option('--role <role>', `as whom you sign: ${SIGNING_ROLES.join(', ')}`);
    defineSigning(command);
    command.option('--yes', 'do not ask to type the run id');
    defineDrift(command);
  },
  examples: [
    'cutover sign latest --role sre-lead',
    'cutover sign latest --role engineering-lead --as lead@example.com',
    'cutover sign latest --role sre-lead --as sre@example.com --sign-with ~/.ssh/id_ed25519',
    'cutover sign latest --role sre-lead --as sre@example.com --request .cutover/sre-lead.json',
    'cutover sign latest --role sre-lead --response .cutover/sre-lead.json.sig',
  ],
  async parse(args, raw, io) {
    const signing = parseSigning(raw, io);
    if (signing.signWith !== null && signing.request !== null)
      throw new UsageError('--sign-with excludes --request and --response: a signature is made in one way.');
    return {
      ...(await parseDecision(args, raw, io)),
      ...signing,
      role: oneOf(requiredText(raw, 'role', 'say as whom you sign.'), SIGNING_ROLES, '--role'),
      confirm: !flag(raw, 'yes'),
    };
  },
  run: (options, io) => countersignRun(options, io),
};
