import { SIGNING_ROLES, type SigningRole } from '../../config/policy.js';
import type { Prepare, RunView } from '../../engine/engine.js';
import { missingSignatures } from '../../machine/signatures.js';
import { flag, oneOf, requiredText, text, type CommandFile } from '../command.js';
import { deciding } from '../drive.js';
import { driftEvents } from '../drift.js';
import { RunStateError, UsageError } from '../errors.js';
import { beforeExpiry } from '../expiry.js';
import { EXIT } from '../exit-codes.js';
import type { Io, Workspace } from '../io.js';
import { permitted } from '../permission.js';
import { defineDrift, defineRun, defineWho, parseDecision, type DecisionOptions } from '../run-argument.js';
import { showResult } from '../run-card.js';
import { contextOf } from '../run-facts.js';
import { confirmed } from '../sign-off/confirm.js';
import { passCountersignGate } from '../sign-off-gate.js';

export interface SignOptions extends DecisionOptions {
  readonly role: SigningRole;
  /** Someone at the terminal is to type the run's id. */
  readonly confirm: boolean;
}

/** A signature that the policy wants besides the sign-off: of a lead, or of a further verifier. The last one lets the run go on. */
export const sign: CommandFile<SignOptions> = {
  define(command) {
    defineRun(command, 'required');
    defineWho(command);
    command
      .option('--role <role>', `as whom you sign: ${SIGNING_ROLES.join(', ')}`)
      .option('--yes', 'do not ask to type the run id');
    defineDrift(command);
  },
  examples: ['cutover sign latest --role sre-lead', 'cutover sign latest --role engineering-lead --as lead@example.com'],
  async parse(args, raw, io) {
    if (io.prompt === null && text(raw, 'as') === undefined) {
      throw new UsageError('--as is missing: without a terminal nobody can be asked who signs. Give --as NAME.');
    }
    return {
      ...(await parseDecision(args, raw, io)),
      role: oneOf(requiredText(raw, 'role', 'say as whom you sign.'), SIGNING_ROLES, '--role'),
      confirm: !flag(raw, 'yes'),
    };
  },
  async run(options, io) {
    const view = await deciding(options, 'sign', io, (workspace, runId) =>
      beforeExpiry(workspace, runId, options.who, io, async () => {
        requireWanted(await workspace.engine.inspect(runId), options);
        await confirmed(`You sign run ${runId} as ${options.role}`, runId, options, io);
        return workspace.engine.send(runId, options.who, signing(options, workspace, io));
      }),
    );
    await showResult(view, options, io);
    return EXIT.ok;
  },
};

function signing(options: SignOptions, workspace: Workspace, io: Io): Prepare {
  return async (view, evidence) => {
    requireWanted(view, options);
    const { role, who } = options;
    const drift = await driftEvents(view, { ...options, isDriving: false }, workspace, io);
    const gate = { now: io.now(), known: workspace.knownSecrets, onPurpose: true, by: who.user };
    return [...drift, permitted(view, who, await passCountersignGate(view, evidence, gate, { role, signer: who.user }))];
  };
}

/** The run waits, what the others sign is fixed, and a signature of this role is still missing. Throws `RunStateError`. */
function requireWanted(view: RunView, { role }: SignOptions): void {
  const { runId, status, state } = view.run;
  const context = contextOf(view);
  if (status !== 'waiting') {
    throw new RunStateError('NOT_WAITING', `Run ${runId} is in ${state}: only a run that waits for signatures is signed.`, runId);
  }
  if (context.signOff === null) {
    throw new RunStateError(
      'NOT_SIGNED_OFF',
      `Run ${runId} is not signed off: what the others sign is fixed by the first DB restore verifier: cutover sign-off ${runId}`,
      runId,
    );
  }
  const missing = missingSignatures(context);
  if (missing.some((one) => one.role === role)) return;
  throw new RunStateError(
    'SIGNATURE_NOT_WANTED',
    `Run ${runId} wants no further signature of the role ${role} by its policy; missing are: ${missing.map((one) => one.role).join(', ')}.`,
    runId,
  );
}
