import { dirname } from 'node:path';
import type { RunView } from '../engine/engine.js';
import { isStep, STEPS } from '../machine/steps.js';
import { dayAndTime } from './clock-format.js';
import { isGateExpired } from './expiry.js';
import { CODE_EXPLANATIONS, PLACE_EXPLANATIONS } from './explanations.js';
import { lastLines } from './last-lines.js';
import { logFileOf } from './log-file.js';
import { nextOf, type NextCommand } from './next-commands.js';
import { contextOf, isSealedAsFailed, verdictOf, waitingOn } from './run-facts.js';
import { oneLine } from './table.js';

/** Why a run stands where it stands, and what each role can do next. */
export interface RunExplanation {
  readonly run: string;
  /** In a sentence. */
  readonly why: string;
  /** Null where nothing failed. */
  readonly failure: {
    readonly step: string;
    readonly code: string;
    readonly message: string;
    /** What the code, or a failure of the step, means and what to do. */
    readonly means: string;
  } | null;
  /** What of the failed attempt's log speaks of the failure; null where it left none, or holds a secret. */
  readonly log: { readonly file: string; readonly lines: readonly string[] } | null;
  readonly next: readonly NextCommand[];
}

/** Reads the log of the failed attempt, if there is one. A log that can't be read is said to be so. */
export async function explainRun(view: RunView): Promise<RunExplanation> {
  const { failure } = contextOf(view);
  return {
    run: view.run.runId,
    why: whyOf(view),
    failure: failure && {
      step: failure.step,
      code: failure.code,
      message: failure.message,
      means: hasEnded(view)
        ? 'The run has ended: nothing of it can be mended any more.'
        : (CODE_EXPLANATIONS[failure.code] ?? PLACE_EXPLANATIONS[failure.step].onFailure),
    },
    log: await failedLog(view),
    next: nextOf(view),
  };
}

function hasEnded(view: RunView): boolean {
  return ['abandoned', 'superseded'].includes(view.run.status) || isSealedAsFailed(view);
}

function whyOf(view: RunView): string {
  const { run, look, lease } = view;
  const { failure, exceptions, pause, signOffWithdrawn, signOff } = contextOf(view);
  switch (run.status) {
    case 'active':
      return lease?.holder && look.kind !== 'interrupted'
        ? `${run.state} is being driven by ${lease.holder.user} on ${lease.holder.host} (pid ${lease.holder.pid}): ${look.text}`
        : `it was interrupted in ${run.state}, which is no failure: nothing drives it`;
    case 'waiting':
      if (isGateExpired(view)) {
        return `it waited for a person, and its gate expired at ${dayAndTime(pause?.expiresAt ?? '')} UTC: it can't be signed any more`;
      }
      return [
        signOff === null
          ? 'it waits for a person to verify the database restore and sign'
          : `it is signed off, and waits for the signatures that its policy wants besides: ${waitingOn(view)}`,
        ...(pause === null || pause.expiresAt === null ? [] : [`the gate expires at ${dayAndTime(pause.expiresAt)} UTC`]),
        ...(signOffWithdrawn === null ? [] : [`the sign-off was withdrawn: ${oneLine(signOffWithdrawn)}`]),
      ].join('; ');
    case 'failed':
      return isSealedAsFailed(view)
        ? 'it is sealed as evidence of a run that did not pass'
        : `it failed at ${failure?.step ?? run.state} (${failure?.code ?? 'no code on record'}), and goes on by nobody but a person`;
    case 'completed':
      return `it has ended, verdict ${verdictOf(view) ?? 'none'}`;
    case 'abandoned':
    case 'superseded':
      return `it was ${run.status}${run.status === 'abandoned' ? `: ${oneLine(exceptions.at(-1)?.reason ?? '')}` : ' by a newer run'}`;
  }
}

/** Of these many last lines the ones that speak of a failure are shown; where none does, the very last. */
const LOOKED_AT = 400;
const SHOWN = 8;
const SPEAKS_OF_FAILURE =
  /\b(?:fail(?:s|ed|ure)?|errors?|denied|forbidden|refused|fatal|panic|time[d-]? ?out|not found|cannot|unauthorized|expected|[45]\d\d)\b/i;

async function failedLog({ run, attempts, snapshot }: RunView): Promise<RunExplanation['log']> {
  const { failure } = contextOf({ snapshot });
  const attempt = attempts.findLast(({ step, status }) => step === failure?.step && status === 'failed');
  // A log in which a secret was found is not shown.
  if (run.status !== 'failed' || failure?.code === 'SECRET_FOUND' || attempt === undefined || !isStep(attempt.step)) return null;
  const name = attempt.logFile ?? STEPS[attempt.step].evidence;
  // A report in JSON says nothing in a line of it that the message does not say.
  if (name === null || name.endsWith('.json')) return null;
  const { openEvidenceDir } = await import('../evidence/local-evidence-dir.js');
  const { createRedactor } = await import('../evidence/redaction.js');
  const evidence = openEvidenceDir(run.evidenceDir, { root: dirname(run.evidenceDir), redactor: () => createRedactor() });
  try {
    const file = await logFileOf(name, attempt, attempts, evidence);
    if (file === null) return null;
    const all = (await lastLines(evidence, file, LOOKED_AT)).split('\n').filter((line) => line.trim() !== '');
    const speaking = all.filter((line) => SPEAKS_OF_FAILURE.test(line));
    return { file: `${run.evidenceDir}/${file}`, lines: (speaking.length > 0 ? speaking : all).slice(-SHOWN) };
  } catch (error) {
    return { file: `${run.evidenceDir}/${name}`, lines: [`cannot be read: ${(error as Error).message}`] };
  }
}
