import type { HistoryRecord } from '../evidence/history-record.js';
import { named } from '../evidence/person.js';
import type { AttemptFailure, DrillPlan, StepContracts } from '../config/step-contracts.js';
import type { SignOff } from '../machine/context.js';
import { EVIDENCE } from '../evidence/layout.js';
import { levelOf, type Countersignature } from '../machine/signatures.js';
import { isStep, STEPS, type StepName } from '../machine/steps.js';
import { fileSize } from './clock-format.js';
import { firstLine, oneLine } from './table.js';

/** A transition in a few words. */
export interface EventWords {
  /** `done`, `failed`, or a person's or the engine's word. */
  readonly kind: 'done' | 'failed' | 'noted';
  /** Short, for a column: `done runningRcGates`, `SIGNED_OFF`. */
  readonly event: string;
  /** As the runbook's execution order says it: `Step 1: RC Gates PASS`. */
  readonly text: string;
}

/** What happened, in words that read like the runbook's execution order. */
export function eventWords({ event, from, to, who }: HistoryRecord): EventWords {
  const settled = /^xstate\.(done|error)\.actor\.(.+)$/.exec(event.type);
  const step = settled?.[2];
  if (step !== undefined && isStep(step)) {
    if (settled?.[1] === 'done') return { kind: 'done', event: `done ${step}`, text: doneText(step, event['output']) };
    return { kind: 'failed', event: `failed ${step}`, text: failedText(step, event['error'] as AttemptFailure, from === to) };
  }
  return { kind: 'noted', event: event.type, text: oneLine(decisionText(event, who)) };
}

type OutputOf<S extends StepName> = StepContracts[(typeof STEPS)[S]['actor']]['output'];

const DONE: { readonly [S in StepName]: (output: OutputOf<S>) => string } = {
  preflight: ({ checks }) => `Preflight PASS (${checks.length} checks)`,
  capturingScope: () => 'Step 0: Scope written',
  runningRcGates: () => 'Step 1: RC Gates PASS',
  runningStagingDryRun: () => 'Step 2: Staging dry-run PASS',
  drillingAppRollback: ({ deployments }) => `Step 3: App rolled back (${deployments.map(({ name }) => name).join(', ')})`,
  restoringStaging: ({ deployments }) => `Step 3: Staging restored (${deployments.map(({ name }) => name).join(', ')})`,
  preparingCheckpoint: () => 'Step 3b: DB rollback checkpoint template written',
  'sealing.scanning': ({ filesScanned }) => `Step 4a: No secrets in ${filesScanned} files`,
  'sealing.archiving': ({ size, files }) => `Step 4a: Tarball created (${files} files, ${fileSize(size)})`,
  'sealing.hashing': ({ sha256 }) => `Step 4b: SHA-256 ${sha256}`,
  'sealing.retention': ({ retainUntil }) => `Step 4c: Retain until ${retainUntil}`,
  'sealing.uploading': ({ versionId, etag, adopted }) =>
    `Step 5a: Upload ${adopted ? 'of an earlier attempt found' : 'complete'} — VersionId=${versionId}  ETag=${etag}`,
  'sealing.verifying': ({ lockMode, retainUntil }) => `Step 5b: Verified — LockMode=${lockMode} until ${retainUntil}`,
  summarizing: ({ verdict, manifestWas }) =>
    `Result summary published — VERDICT: ${verdict}${manifestWas === undefined ? '' : ` (${EVIDENCE.manifest} was ${manifestWas}: written anew from the record)`}`,
};

function doneText<S extends StepName>(step: S, output: unknown): string {
  return oneLine(DONE[step](output as OutputOf<S>));
}

function failedText(step: StepName, { code, message }: AttemptFailure, again: boolean): string {
  return firstLine(`${STEPS[step].label} ${again ? 'failed, is tried again' : 'FAILED'}: ${code}: ${message}`);
}

function decisionText(event: HistoryRecord['event'], who: HistoryRecord['who']): string {
  const { user } = who;
  const fact = (name: string) => String(event[name]);
  switch (event.type) {
    case 'STARTED':
      return `Started by ${user}`;
    case 'SIGNED_OFF': {
      const signOff = event['signOff'] as SignOff;
      return `DB rollback checkpoint: COMPLETED (signed by ${signOff.signer}, ${signOff.date}, ${levelOf(signOff)})`;
    }
    case 'COUNTERSIGNED': {
      const signature = event['countersignature'] as Countersignature;
      return `Signed as ${signature.role} by ${signature.signer}, ${signature.date}, ${levelOf(signature)}`;
    }
    case 'CLAIMED':
      return `DB restore verification claimed by ${named(who)}`;
    case 'RELEASED':
      return `DB restore verification released by ${named(who)}${event['reason'] === null ? '' : `: ${fact('reason')}`}`;
    case 'VERIFICATION_REJECTED':
      return `DB restore rejected by ${fact('by')}: ${fact('reason')}`;
    case 'EXPIRED':
      return `The human gate has expired, not signed by all at ${fact('expiresAt')}`;
    case 'RETRY_REQUESTED':
      return `Sealing again, asked by ${user}${event['reason'] === null ? '' : `: ${fact('reason')}`}`;
    case 'REPLAY_REQUESTED':
      return `Replay from ${fact('from')}${event['override'] === true ? ' (override)' : ''} by ${user}: ${fact('reason')}`;
    case 'SEAL_REQUESTED':
      return `Seal with verdict FAIL, asked by ${user}: ${fact('reason')}`;
    case 'ABANDONED':
      return `Abandoned by ${user}: ${fact('reason')}`;
    case 'SUPERSEDED':
      return `Superseded by run ${fact('byRun')}`;
    case 'DRIFT_ACCEPTED':
      return `Drift accepted by ${user}: ${fact('reason')} (${(event['facts'] as readonly string[]).join('; ')})`;
    case 'FINDING_ACCEPTED':
      return `Finding accepted by ${user}: ${fact('file')}:${fact('line')} (${fact('kind')}): ${fact('reason')}`;
    case 'LEASE_BROKEN':
      return `Lease of ${fact('holder')} broken by ${user}: ${fact('reason')}`;
    case 'RESUMED':
      return `Resumed by ${user}; interrupted: ${interrupted(event['interrupted'] as { step: string; attempt: number }[])}`;
    case 'DRIVER_JOINED':
      return `Driven on by ${user}`;
    case 'DRILL_PLANNED':
      return `Rollback planned: ${(event['plan'] as DrillPlan).deployments.map(({ name, original, target }) => `${name} ${original.name} -> ${target.name}`).join(', ')}`;
    case 'UPLOAD_BEGUN':
      return `Upload begun: ${fact('key')}`;
    default:
      return event.type;
  }
}

function interrupted(attempts: readonly { step: string; attempt: number }[]): string {
  return attempts.map(({ step, attempt }) => `${step} attempt ${attempt}`).join(', ');
}
