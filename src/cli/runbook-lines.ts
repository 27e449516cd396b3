import type { AttemptFailure } from '../config/step-contracts.js';
import type { HistoryRecord } from '../evidence/history-record.js';
import { EVIDENCE } from '../evidence/layout.js';
import { proven, type PilotContext } from '../machine/context.js';
import { isStep, STEPS } from '../machine/steps.js';
import { fileSize, timeOfDay } from './clock-format.js';
import { contextOf } from './run-facts.js';
import { isFormEnough } from './sign-off/signing-command.js';
import { oneLine } from './table.js';

/**
 * The lines that a transition puts on stdout in the runbook's form: what was done, then what begins. Pure; word for word.
 * Source: the runbook, "Expected output" of run 1 and run 2.
 */
export function runbookLines(record: HistoryRecord): string[] {
  const context = contextOf(record);
  if (record.from === null) return [`==> Evidence dir: ${slashed(context.evidenceDir)}`];
  const entered = record.from !== record.to || record.event.type === 'RESUMED';
  return [...doneLines(record, context), ...(entered ? beginLines(record, context) : [])].map(oneLine);
}

/** The first line of the second run. */
export function sealOnlyLine(evidenceDir: string): string {
  return `==> [seal-only] Resuming evidence dir: ${slashed(evidenceDir)}`;
}

/**
 * The pause box: 66 columns between its walls, but for the runbook's second line, whose wall stands one column to the left. A run 2 that
 * the policy would refuse is not asked for before the sign-off.
 */
export function pauseBox(context: PilotContext): string[] {
  const { runId, evidenceDir, request } = context;
  const byForm = isFormEnough(context);
  const form = `${evidenceDir}/${EVIDENCE.checkpoint}`;
  const lines = [
    '[PAUSE — HUMAN STEP REQUIRED]',
    PENDING,
    '',
    `Follow: ${request.site.verificationGuide}`,
    '',
    '1. Edit the checkpoint file (its path is below).',
    '2. Change Status: PENDING → Status: COMPLETED',
    '3. Check all boxes [ ] → [x], fill in every blank, save the',
    `   screenshots in ${EVIDENCE.screenshots}/`,
    byForm ? '4. Go on with run 2 (--seal-only, below).' : '4. Sign it; then run 2 goes on (both below).',
  ];
  const wall = '═'.repeat(WIDTH);
  return [
    `╔${wall}╗`,
    ...lines.map((line) => `║  ${line.padEnd(line === PENDING ? WIDTH - 3 : WIDTH - 2)}║`),
    `╚${wall}╝`,
    '',
    'Checkpoint file:',
    `  ${form}`,
    'Then:',
    ...(byForm ? [] : [`  cutover sign-off ${runId} --as NAME`]),
    `  EVIDENCE_DIR=${evidenceDir} cutover run --seal-only`,
    'or, if the restore failed:',
    `  cutover sign-off ${runId} --reject --reason "..."`,
  ];
}

const WIDTH = 66;
const PENDING = 'DB Rollback Verification is PENDING (exit code 2).';

function doneLines({ at, event, from, to }: HistoryRecord, context: PilotContext): string[] {
  const line = (text: string) => `[${timeOfDay(at)}] ${text}`;
  const seal = (text: string) => `[seal ${timeOfDay(at)}] ${text}`;
  const [, outcome, step] = /^xstate\.(done|error)\.actor\.(.+)$/.exec(event.type) ?? [];
  if (step === undefined || !isStep(step)) return decisionLines({ event, from, to }, context).map(line);
  if (outcome === 'error') {
    const { code, message } = event['error'] as AttemptFailure;
    const [first, ...details] = message.split('\n');
    const text = `✗ ${STEPS[step].label} ${from === to ? 'failed, is tried again' : 'FAILED'} — ${code}: ${first}`;
    return [
      step.startsWith('sealing.') || step === 'summarizing' ? seal(text) : line(text),
      ...details.map((detail) => `  ${detail}`),
    ];
  }
  switch (step) {
    case 'capturingScope':
      return [line('✓ Scope written')];
    case 'runningRcGates':
      return [line('✓ Step 1: RC Gates PASS')];
    case 'runningStagingDryRun':
      return [line('✓ Step 2: Staging dry-run PASS')];
    case 'restoringStaging':
      return to === 'preparingCheckpoint'
        ? [line('✓ Step 3: App rollback drill PASS')]
        : [line('✗ Step 3: Staging is restored, the drill is not proven')];
    case 'sealing.archiving':
      return [seal(`  Tarball: ${context.evidenceDir}/${EVIDENCE.archive} (${fileSize(proven(context, step).size)})`)];
    case 'sealing.hashing':
      return [seal(`  SHA-256: ${proven(context, step).sha256}`)];
    case 'sealing.uploading': {
      const { versionId, etag } = proven(context, step);
      return [seal(`  Upload complete — VersionId=${versionId}  ETag=${etag}`)];
    }
    case 'sealing.verifying': {
      const { versionId } = proven(context, 'sealing.uploading');
      return [seal(`  Verified — VersionId=${versionId}  LockMode=${proven(context, step).lockMode}`), seal('Sealing COMPLETE.')];
    }
    case 'preflight':
    case 'drillingAppRollback':
    case 'preparingCheckpoint':
    case 'sealing.scanning':
    case 'sealing.retention':
    case 'summarizing':
      return [];
  }
}

/** The runbook's second run begins the same way, whether the sealing is new, begun again or gone on with. */
function decisionLines({ event, to }: Pick<HistoryRecord, 'event' | 'from' | 'to'>, context: PilotContext): string[] {
  const sealing = to.startsWith('sealing.') && ['SIGNED_OFF', 'COUNTERSIGNED', 'RETRY_REQUESTED', 'RESUMED'].includes(event.type);
  return sealing ? sealingTexts(context) : [];
}

/** A run that is sealed as failed has no verified restore, or its sign-off is of no account any more. */
function sealingTexts({ seal, signOff }: PilotContext): string[] {
  const isSigned = seal?.verdict === 'PASS' && signOff !== null;
  return [
    isSigned ? '✓ DB rollback checkpoint: COMPLETED' : '✗ The run has ended without PASS: it is sealed with the verdict FAIL',
    'Steps 4-5: Sealing evidence and uploading to WORM...',
  ];
}

/** The lines of a sealing that was decided before this second run, by `cutover sign-off` or `cutover seal`. */
export function sealingLines(context: PilotContext, now: Date): string[] {
  return sealingTexts(context).map((text) => `[${timeOfDay(now.toISOString())}] ${text}`);
}

function beginLines({ at, to }: HistoryRecord, context: PilotContext): string[] {
  const line = (text: string) => [`[${timeOfDay(at)}] ${text}`];
  const seal = (text: string) => [`[seal ${timeOfDay(at)}] ${text}`];
  switch (to) {
    case 'capturingScope':
      return line('Step 0: Capturing scope...');
    case 'runningRcGates':
      return line('Step 1: Running RC Gates...');
    case 'runningStagingDryRun':
      return line('Step 2: Staging dry-run + P4.3 data isolation...');
    case 'drillingAppRollback':
      return line('Step 3: App rollback drill...');
    case 'preparingCheckpoint':
      return line('Writing DB rollback checkpoint template...');
    case 'sealing.archiving':
      return seal('Step 4a: Creating tarball...');
    case 'sealing.hashing':
      return seal('Step 4b: Computing SHA-256...');
    case 'sealing.retention':
      return seal(`Step 4c: Computing retain-until (${proven(context, 'preflight').settings.retentionDays} days from now)...`);
    case 'sealing.uploading':
      return seal('Step 5a: Uploading to S3 WORM bucket...');
    case 'sealing.verifying':
      return seal('Step 5b: Verifying via head-object...');
    default:
      return [];
  }
}

function slashed(directory: string): string {
  return directory.endsWith('/') ? directory : `${directory}/`;
}
