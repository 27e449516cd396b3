import { requiredText, type CommandFile } from '../command.js';
import { deciding } from '../drive.js';
import { RunStateError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
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
    command.option('--reason <text>', 'why (on the record, and in the result summary)');
  },
  examples: ['cutover break-lease latest --reason "the driver hangs, its terminal is gone"'],
  parse: (args, raw, io) => ({
    ...parseDecision(args, raw, io),
    reason: requiredText(raw, 'reason', 'breaking a lease is on the record: say why.'),
  }),
  async run(options, io) {
    const { reason, who } = options;
    const view = await deciding(options, 'break-lease', io, async ({ engine }, runId) => {
      const { lease } = await engine.inspect(runId);
      const driver = lease?.holder ?? null;
      if (lease === null || driver === null)
        throw new RunStateError('LEASE_FREE', `Nobody drives run ${runId}: there is no lease to break.`, runId);
      const holder = `${driver.user} on ${driver.host}, pid ${driver.pid}`;
      const event = { type: 'LEASE_BROKEN', reason, holder, lastHeartbeat: lease.heartbeatAt };
      return engine.send(runId, who, async () => [event], { seize: lease });
    });
    await showResult(view, options, io);
    return EXIT.ok;
  },
};
