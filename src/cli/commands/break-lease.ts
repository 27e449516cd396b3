import { requiredText, type CommandFile } from '../command.js';
import { deciding } from '../drive.js';
import { RunStateError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { permitted } from '../permission.js';
import { defineRun, defineWho, parseDecision, type DecisionOptions } from '../run-argument.js';
import { showResult } from '../run-card.js';

export interface BreakLeaseOptions extends DecisionOptions {
  readonly reason: string;
}

/**
 * Takes a run from a driver that hangs, and drives it no further: whoever resumes it goes on. On this host the driver's children
 * are ended; elsewhere the driver itself ends them when it finds, at the latest with its next heartbeat, that the lease is gone.
 */
export const breakLease: CommandFile<BreakLeaseOptions> = {
  define(command) {
    defineRun(command, 'required');
    defineWho(command);
    command.option('--reason <text>', 'why (on the record; in the result summary, too, until a part of that may be locked)');
  },
  examples: ['cutover break-lease latest --reason "the driver hangs, its terminal is gone"'],
  parse: async (args, raw, io) => ({
    ...(await parseDecision(args, raw, io)),
    reason: requiredText(raw, 'reason', 'breaking a lease is on the record: say why.'),
  }),
  async run(options, io) {
    const { reason, who } = options;
    const broken = await deciding(options, 'break-lease', io, async ({ engine }, runId) => {
      const view = await engine.inspect(runId);
      const { lease } = view;
      const driver = lease?.holder ?? null;
      if (lease === null || driver === null)
        throw new RunStateError('LEASE_FREE', `Nobody drives run ${runId}: there is no lease to break.`, runId);
      const holder = `${driver.user} on ${driver.host}, pid ${driver.pid}`;
      const event = { type: 'LEASE_BROKEN', reason, holder, lastHeartbeat: lease.heartbeatAt };
      // Asked before the lease is taken, too.
      permitted(view, who, event);
      return engine.send(runId, who, async (now) => [permitted(now, who, event)], { seize: lease });
    });
    await showResult(broken, options, io);
    return EXIT.ok;
  },
};
