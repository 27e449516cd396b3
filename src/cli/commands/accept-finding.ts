import type { Finding } from '../../config/step-contracts.js';
import type { Prepare } from '../../engine/engine.js';
import { evidenceFileOf, isInHistory, mayBeAccepted } from '../../evidence/accepted-findings.js';
import { scanForSecrets, type ScanFinding } from '../../evidence/secret-scan.js';
import { requiredText, type CommandFile } from '../command.js';
import { deciding } from '../drive.js';
import { RunStateError, UsageError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import type { Workspace } from '../io.js';
import { permitted } from '../permission.js';
import { defineRun, defineWho, parseDecision, type DecisionOptions } from '../run-argument.js';
import { showResult } from '../run-card.js';

export interface AcceptFindingOptions extends DecisionOptions, Omit<Finding, 'sha256'> {
  readonly reason: string;
}

/**
 * A supervisor says that what the secret scan found is no secret. It holds for that line and rule of the file as it is now; a file
 * that changes needs another one. What the environment holds as a secret is never accepted.
 */
export const acceptFinding: CommandFile<AcceptFindingOptions> = {
  define(command) {
    defineRun(command, 'required');
    defineWho(command);
    command
      .option('--file <name>', 'the evidence file, as the finding names it')
      .option('--line <number>', 'its line; 0 for the name of the file')
      .option('--rule <rule>', 'the rule that found it, in brackets behind the line')
      .option(
        '--reason <text>',
        'why it is no secret (on the record; in the result summary, too, until a part of that may be locked)',
      );
  },
  examples: [
    'cutover accept-finding latest --file 30_rc_gates.txt --line 12 --rule password --reason "the name of a test"',
    'cutover accept-finding latest --file logs.tar.gz!/pod.log --line 3 --rule jwt --reason "expired, of a public example"',
  ],
  async parse(args, raw, io) {
    const line = requiredText(raw, 'line', 'name the line of the finding.');
    if (!/^\d{1,9}$/.test(line)) throw new UsageError(`--line is ${JSON.stringify(line)}: give a number from 0.`);
    return {
      ...(await parseDecision(args, raw, io)),
      file: requiredText(raw, 'file', 'name the evidence file of the finding.'),
      line: Number(line),
      kind: requiredText(raw, 'rule', 'name the rule of the finding.'),
      reason: requiredText(raw, 'reason', 'accepting a finding is on the record: say why it is no secret.'),
    };
  },
  async run(options, io) {
    const view = await deciding(options, 'accept-finding', io, (workspace, runId) =>
      workspace.engine.send(runId, options.who, acceptedAsItIs(options, workspace, runId)),
    );
    await showResult(view, options, io);
    return EXIT.ok;
  },
};

function acceptedAsItIs(options: AcceptFindingOptions, { knownSecrets }: Workspace, runId: string): Prepare {
  return async (view, evidence) => {
    const { file, line, kind, reason, who } = options;
    const refuse = (why: string) => new RunStateError('FINDING_REFUSED', `${why} Nothing was accepted.`, runId);
    if (isInHistory({ file })) {
      throw refuse(`${file} would hold this decision, too, and what was found once more. Start a new run: cutover start.`);
    }
    if (!mayBeAccepted({ file, kind })) {
      throw refuse(`${kind} is the value of a variable of the environment: it is a secret. Make it invalid where it is used.`);
    }
    const name = evidenceFileOf({ file });
    const before = await evidence.digest(name);
    const event = permitted(view, who, { type: 'FINDING_ACCEPTED', file, line, kind, sha256: before.sha256, reason });
    const { findings } = await scanForSecrets(evidence, [name], knownSecrets);
    const isThere = findings.some((found) => found.file === file && found.line === line && found.kind === kind);
    if (!isThere) throw refuse(`The scan finds no ${kind} at ${file}:${line}; it finds ${listed(findings)}.`);
    const { sha256 } = await evidence.digest(name);
    if (sha256 !== before.sha256) throw refuse(`${name} changed meanwhile. Find out who writes to it.`);
    return [event];
  };
}

function listed(findings: readonly ScanFinding[]): string {
  if (findings.length === 0) return 'nothing there';
  const shown = findings.slice(0, 10).map(({ file, line, kind }) => `${file}:${line} (${kind})`);
  return shown.join(', ') + (findings.length > shown.length ? `, and ${findings.length - shown.length} more` : '');
}
