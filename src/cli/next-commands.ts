import type { SigningRole } from '../config/policy.js';
import type { Finding } from '../config/step-contracts.js';
import { mayBeAccepted } from '../evidence/accepted-findings.js';
import { stagingIsDirty, type PilotContext } from '../machine/context.js';
import { heldOutcome } from '../machine/failure.js';
import { claimant } from '../machine/human-gate.js';
import { summaryMayBeLocked } from '../machine/locked.js';
import { replayNeedsOverride, replayRefusal } from '../machine/replay.js';
import { missingSignatures } from '../machine/signatures.js';
import { isBefore } from '../machine/steps.js';
import { EVIDENCE } from '../evidence/layout.js';
import type { RunView } from '../engine/engine.js';
import type { RunStatus } from '../store/store.js';
import { isGateExpired } from './expiry.js';
import type { Palette } from './palette.js';
import { contextOf } from './run-facts.js';
import { quoted } from './shell-word.js';
import { isFormEnough, requestFile } from './sign-off/signing-command.js';
import { oneLine, table } from './table.js';

export type Role = 'operator' | 'DB restore verifier' | 'SRE lead' | 'engineering lead' | 'SRE' | 'supervisor' | 'auditor';

/** What someone can do next: a command, and what it is for. */
export interface NextCommand {
  readonly role: Role;
  readonly command: string;
  readonly why: string;
}

/** A run as far as it matters for what comes next. */
interface Position {
  readonly runId: string;
  readonly status: RunStatus;
  readonly state: string;
  /** A driver lives. */
  readonly driven: boolean;
  /** The human gate has expired, be that on record or not yet. */
  readonly isExpired: boolean;
  /** As people see it: relative to the directory of the run. */
  readonly evidenceDir: string;
}

/** The next commands of each role: derived from the run alone. */
export function nextOf(view: RunView): NextCommand[] {
  const { run, look } = view;
  const context = contextOf(view);
  const driven = ['running', 'retrying', 'stalled'].includes(look.kind);
  const { runId, status, state } = run;
  const { evidenceDir } = context;
  return nextCommands({ runId, status, state, driven, isExpired: isGateExpired(view), evidenceDir }, context);
}

/** The same of a run as it will be, before anybody drives it. */
export function nextCommands(position: Position, context: PilotContext): NextCommand[] {
  const { runId } = position;
  const audit: NextCommand = { role: 'auditor', command: `cutover history ${runId}`, why: 'every transition, chained' };
  switch (position.status) {
    case 'active':
      return [...whileActive(position, context), audit];
    case 'waiting':
      return [...(position.isExpired ? onceExpired(position) : whileWaiting(position, context)), audit];
    case 'failed':
      return position.state === 'sealedAsFailed'
        ? [newRun('the next cutover'), audit]
        : [...afterFailure(position, context), audit];
    case 'completed':
      return [{ role: 'auditor', command: `cat ${position.evidenceDir}/${EVIDENCE.summary}`, why: 'the result summary' }, audit];
    case 'abandoned':
    case 'superseded':
      return [newRun('a new run'), ...sealAsFailed(runId, context), audit];
  }
}

/** The lines under `Next:`; none for none. */
export function nextLines(next: readonly NextCommand[], palette: Palette): string[] {
  if (next.length === 0) return [];
  const rows = next.map(({ role, command, why }) => [`  ${role}`, palette.bold(command), palette.dim(why)]);
  return ['', 'Next:', ...table(rows)];
}

function whileActive({ runId, driven }: Position, context: PilotContext): NextCommand[] {
  const driving: NextCommand[] = [
    { role: 'operator', command: `cutover watch ${runId}`, why: 'it is being driven' },
    { role: 'supervisor', command: `cutover break-lease ${runId} --reason "..."`, why: 'take it from a driver that hangs' },
  ];
  return [
    ...(driven ? driving : [{ role: 'operator' as const, command: `cutover resume ${runId}`, why: 'go on where it stopped' }]),
    ...abandon(runId, context, 'end it; staging is restored first'),
  ];
}

function whileWaiting(position: Position, context: PilotContext): NextCommand[] {
  const { runId } = position;
  return [
    ...claiming(runId, context),
    ...(context.signOff === null ? beforeSignOff(position, context) : afterSignOff(runId, context)),
    { role: VERIFIER, command: `cutover sign-off ${runId} --reject --reason "..."`, why: 'the restore failed' },
    ...(isFormEnough(context)
      ? [{ role: 'operator' as const, command: `cutover resume ${runId}`, why: 'goes on once the form is complete' }]
      : []),
    { role: 'supervisor', command: `cutover abandon ${runId} --reason "..."`, why: 'end it without a seal' },
  ];
}

function onceExpired({ runId }: Position): NextCommand[] {
  return [
    {
      role: 'supervisor',
      command: `cutover replay ${runId} --from awaitingDbVerification --reason "..."`,
      why: 'open the gate again, for as long',
    },
    { role: 'supervisor', command: `cutover abandon ${runId} --reason "..."`, why: 'end it without a seal' },
  ];
}

/** While a verifier's signature is missing. */
function claiming(runId: string, context: PilotContext): NextCommand[] {
  const { claim } = context;
  if (claim !== null) {
    const why = `give it back (claimed by ${oneLine(claimant(claim))}, since ${claim.at})`;
    return [{ role: VERIFIER, command: `cutover release ${runId} --as NAME`, why }];
  }
  if (!missingSignatures(context).some(({ role }) => role === 'db-restore-verifier')) return [];
  return [{ role: VERIFIER, command: `cutover claim ${runId} --as NAME`, why: 'so that nobody else verifies it, too' }];
}

function beforeSignOff({ runId, evidenceDir }: Position, context: PilotContext): NextCommand[] {
  const form = `${evidenceDir}/${EVIDENCE.checkpoint}`;
  const { signOffWithdrawn } = context;
  return [
    { role: VERIFIER, command: `$EDITOR ${form}`, why: 'restore the database, then complete the form' },
    ...(byKey(context, 'db-restore-verifier') ? signWithKey(runId, signOffWithdrawn) : signByName(runId, signOffWithdrawn)),
  ];
}

/** As the frozen policy wants it. */
function byKey({ request }: PilotContext, role: SigningRole): boolean {
  return request.policy.roles[role].minimumLevel === 'ssh-verified';
}

function signByName(runId: string, withdrawnBecause: string | null): NextCommand[] {
  const why = withdrawn(withdrawnBecause, 'asks for what the form lacks, then signs it');
  return [{ role: VERIFIER, command: `cutover sign-off ${runId} --as NAME`, why }];
}

function signWithKey(runId: string, withdrawnBecause: string | null): NextCommand[] {
  const why = withdrawn(withdrawnBecause, 'sign with a key (the policy wants it)');
  return [
    { role: VERIFIER, command: `cutover sign-off ${runId} --as NAME --sign-with FILE`, why },
    {
      role: VERIFIER,
      command: `cutover sign-off ${runId} --as NAME --request ${requestFile(runId, 'sign-off')}`,
      why: 'sign on another machine',
    },
  ];
}

/** Each signature that the policy still wants, as it wants it. */
function afterSignOff(runId: string, context: PilotContext): NextCommand[] {
  return missingSignatures(context).flatMap(({ role, missing }) => {
    const command = `cutover sign ${runId} --role ${role} --as NAME`;
    const why =
      missing === 1 ? 'the policy wants this signature, too' : `the policy wants ${missing} more, each of another person`;
    if (!byKey(context, role)) return [{ role: SIGNERS[role], command, why }];
    return [
      { role: SIGNERS[role], command: `${command} --sign-with FILE`, why: `${why}, with a key` },
      { role: SIGNERS[role], command: `${command} --request ${requestFile(runId, role)}`, why: 'sign on another machine' },
    ];
  });
}

const VERIFIER = 'DB restore verifier';
const SIGNERS: Readonly<Record<SigningRole, Role>> = {
  'db-restore-verifier': VERIFIER,
  'sre-lead': 'SRE lead',
  'engineering-lead': 'engineering lead',
};

function withdrawn(why: string | null, otherwise: string): string {
  return why === null ? otherwise : `sign again (withdrawn: ${why})`;
}

function afterFailure({ runId }: Position, context: PilotContext): NextCommand[] {
  const step = context.failure?.step ?? 'preflight';
  // The pause has no attempts and writes nothing: who rejected, and why, is the failure itself.
  const logs: NextCommand[] =
    step === 'awaitingDbVerification'
      ? []
      : [{ role: 'operator', command: `cutover logs ${runId} --failed`, why: `what ${step} wrote` }];
  const finding = acceptable(runId, context);
  if (stagingIsDirty(context)) {
    return [
      { role: 'SRE', command: `cutover explain ${step}`, why: 'deployments may still be rolled back' },
      ...logs,
      ...finding,
      ...scanAgain(runId, context),
      {
        role: 'supervisor',
        command: `cutover replay ${runId} --from restoringStaging --reason "..."`,
        why: 'roll forward again',
      },
      {
        role: 'supervisor',
        command: `cutover abandon ${runId} --acknowledge-left-behind --reason "..."`,
        why: 'leave staging as it is, on the record',
      },
    ];
  }
  if (!isBefore(step, 'sealing.scanning')) {
    return [
      ...finding,
      { role: 'operator', command: `cutover retry ${runId}`, why: 'seal again, once the cause is mended' },
      ...logs,
      ...replay(runId, context),
      ...abandon(runId, context, 'end it for good'),
    ];
  }
  return [
    ...logs,
    ...finding,
    ...scanAgain(runId, context),
    context.failure?.code === 'CYCLE_TAKEN'
      ? { ...newRun('once more for the same commit, on the record'), command: 'cutover start --again --reason "..."' }
      : newRun('once the cause is mended: new evidence, new timestamp'),
    ...replay(runId, context),
    ...sealAsFailed(runId, context),
    ...abandon(runId, context, 'end it for good'),
  ];
}

function replay(runId: string, context: PilotContext): NextCommand[] {
  const from = context.failure?.step;
  if (from === undefined || replayRefusal(context, from, true) !== null) return [];
  const override = replayNeedsOverride(context, from);
  return [
    {
      role: 'supervisor',
      command: `cutover ${override ? 'override' : 'replay'} ${runId} --reason "..."`,
      why: override ? 'judge the failed gate again, on the record' : `${from} again`,
    },
  ];
}

/** As the machine's guard `mayScanAgainAt` has it; useless while a finding is open that nobody may accept. */
function scanAgain(runId: string, context: PilotContext): NextCommand[] {
  const { failure } = context;
  const open = openFinding(context);
  if (failure === null || heldOutcome(failure) === null || (open !== undefined && !mayBeAccepted(open))) return [];
  return [{ role: 'operator', command: `cutover retry ${runId}`, why: 'the scan again, once all is accepted' }];
}

/** The first finding that nobody has accepted since it was found, if the run stands still for one: what was accepted before is of other bytes. */
function openFinding({ failure, exceptions }: PilotContext): Omit<Finding, 'sha256'> | undefined {
  if (failure?.code !== 'SECRET_FOUND') return undefined;
  const { findings = [] } = (failure.details ?? {}) as { readonly findings?: readonly Omit<Finding, 'sha256'>[] };
  const accepted = exceptions.flatMap(({ finding, at }) => (finding === undefined || at < failure.at ? [] : [finding]));
  return findings.find(({ file, line, kind }) =>
    accepted.every((one) => one.file !== file || one.line !== line || one.kind !== kind),
  );
}

function acceptable(runId: string, context: PilotContext): NextCommand[] {
  const open = openFinding(context);
  if (open === undefined || !mayBeAccepted(open)) return [];
  const { file, line, kind } = open;
  const command = `cutover accept-finding ${runId} --file ${quoted(file)} --line ${line} --rule ${kind} --reason "..."`;
  return [{ role: 'supervisor', command, why: 'only if it is no secret' }];
}

/** As the machine's guard `maySealAsFailed` has it. */
function sealAsFailed(runId: string, context: PilotContext): NextCommand[] {
  const possible = context.results.preflight !== undefined && context.seal?.putBegan !== true && !stagingIsDirty(context);
  if (!possible) return [];
  return [
    { role: 'supervisor', command: `cutover seal ${runId} --verdict FAIL --reason "..."`, why: 'keep it as locked evidence' },
  ];
}

/** As the machine's guard `mayAbandon` has it. */
function abandon(runId: string, context: PilotContext, why: string): NextCommand[] {
  return summaryMayBeLocked(context) ? [] : [{ role: 'supervisor', command: `cutover abandon ${runId} --reason "..."`, why }];
}

function newRun(why: string): NextCommand {
  return { role: 'operator', command: 'cutover start', why };
}
