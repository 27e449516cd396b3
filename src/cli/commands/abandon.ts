import type { RunView } from '../../engine/engine.js';
import { summaryMayBeLocked } from '../../machine/locked.js';
import { flag, requiredText, type CommandFile } from '../command.js';
import { deciding } from '../drive.js';
import { RunStateError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { applyFrozen } from '../frozen-variables.js';
import { isEnded } from '../go-on.js';
import { permitted } from '../permission.js';
import { defineRun, defineWho, parseDecision, type DecisionOptions } from '../run-argument.js';
import { showResult } from '../run-card.js';
import { contextOf } from '../run-facts.js';

export interface AbandonOptions extends DecisionOptions {
  readonly reason: string;
  readonly acknowledgeLeftBehind: boolean;
}

/** Ends a run for good, under a living driver too. Staging is restored first, unless it is left behind on the record. */
export const abandon: CommandFile<AbandonOptions> = {
  define(command) {
    defineRun(command, 'required');
    defineWho(command);
    command
      .option('--reason <text>', 'why (on the record)')
      .option('--acknowledge-left-behind', 'do not restore staging: its deployments stay rolled back, on the record');
  },
  examples: [
    'cutover abandon latest --reason "release postponed"',
    'cutover abandon latest --acknowledge-left-behind --reason "cluster is gone"',
  ],
  parse: async (args, raw, io) => ({
    ...(await parseDecision(args, raw, io)),
    reason: requiredText(raw, 'reason', 'abandoning is on the record: say why.'),
    acknowledgeLeftBehind: flag(raw, 'acknowledgeLeftBehind'),
  }),
  async run(options, io) {
    const { reason, acknowledgeLeftBehind, who } = options;
    const view = await deciding(options, 'abandon', io, async (workspace, runId) => {
      const event = { type: 'ABANDONED', reason, acknowledgeLeftBehind };
      const allowed = (now: RunView) => {
        refusePublished(now);
        return permitted(now, who, event);
      };
      // Asked before the lease is taken from a driver, too.
      allowed(await workspace.engine.inspect(runId));
      const decided = await workspace.engine.send(runId, who, async (now) => [allowed(now)], { seize: 'whoever' });
      if (decided.run.status !== 'active') return decided;
      // Staging is restored where it was changed: with the frozen settings, whatever this shell has.
      applyFrozen(contextOf(decided).request.variables, io.env);
      return workspace.engine.resume(runId, who);
    });
    await showResult(view, options, io);
    return view.run.status === 'abandoned' ? EXIT.ok : EXIT.failed;
  },
};

/** As the machine's guard `mayAbandon` has it: here it is said why. */
function refusePublished(view: RunView): void {
  const { runId, status } = view.run;
  if (isEnded(view) || !summaryMayBeLocked(contextOf(view))) return;
  throw new RunStateError(
    'VERDICT_LOCKED',
    `The result summary of run ${runId} may be locked already, and says ${contextOf(view).seal?.verdict}: the bucket would say something else than the database. ` +
      `Finish it: cutover ${status === 'failed' ? 'retry' : 'resume'} ${runId}`,
    runId,
  );
}
