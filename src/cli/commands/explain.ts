import { isStep, PLACES, STEPS, type Place } from '../../machine/steps.js';
import { duration } from '../clock-format.js';
import type { CommandFile } from '../command.js';
import { UsageError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { CODE_EXPLANATIONS, PLACE_EXPLANATIONS } from '../explanations.js';
import { table } from '../table.js';

export interface ExplainOptions {
  /** Null: everything there is to be explained. */
  readonly what: { readonly place: Place } | { readonly code: string } | null;
}

/** What a step does, or what a code means. */
export const explain: CommandFile<ExplainOptions> = {
  define: (command) => void command.argument('[step-or-code]', 'a step of the runbook, or the code of an error'),
  examples: ['cutover explain', 'cutover explain runningRcGates', 'cutover explain DRIFT'],
  parse([word]) {
    if (word === undefined) return { what: null };
    const place = PLACES.find((candidate) => candidate.toLowerCase() === word.toLowerCase());
    if (place !== undefined) return { what: { place } };
    const code = word.toUpperCase();
    if (Object.hasOwn(CODE_EXPLANATIONS, code)) return { what: { code } };
    throw new UsageError(
      `${JSON.stringify(word)} is neither a step nor a code that is explained here. See them all: cutover explain`,
    );
  },
  async run({ what, json, palette }, io) {
    if (what === null) {
      if (json) io.stdout.write(`${JSON.stringify({ steps: PLACES.map(placeFacts), codes: CODE_EXPLANATIONS })}\n`);
      else {
        const steps = PLACES.map((place) => [`  ${place}`, isStep(place) ? STEPS[place].label : 'Step 3b: human pause']);
        const codes = Object.entries(CODE_EXPLANATIONS).map(([code, text]) => [`  ${code}`, text]);
        io.stdout.write(
          `${['Steps, in the order of the runbook:', ...table(steps), '', 'Codes:', ...table(codes)].join('\n')}\n`,
        );
      }
    } else if ('code' in what) {
      const text = CODE_EXPLANATIONS[what.code] ?? '';
      io.stdout.write(json ? `${JSON.stringify({ code: what.code, text })}\n` : `${palette.bold(what.code)}\n  ${text}\n`);
    } else {
      const facts = placeFacts(what.place);
      if (json) io.stdout.write(`${JSON.stringify(facts)}\n`);
      else {
        const rows = [
          ['  Does', facts.does],
          ['  Runbook', facts.runbook],
          ['  Evidence', facts.evidence ?? 'none of its own'],
          ['  Limits', facts.limits],
          ['  On failure', facts.onFailure],
        ];
        io.stdout.write(`${[palette.bold(`${facts.step} — ${facts.label}`), ...table(rows)].join('\n')}\n`);
      }
    }
    return EXIT.ok;
  },
};

function placeFacts(step: Place) {
  const explanation = PLACE_EXPLANATIONS[step];
  if (!isStep(step)) {
    return {
      step,
      label: 'Step 3b: human pause',
      runbook: 'Human Step: DB Rollback Verification',
      evidence: '55_db_rollback_human_checkpoint.txt, 56_db_restore_screenshots/',
      limits: 'none: it waits for a person',
      ...explanation,
    };
  }
  const { label, runbook, evidence, timeoutMs, maxAttempts } = STEPS[step];
  const attempts =
    maxAttempts === 1 ? 'never tried again by itself' : `up to ${maxAttempts} attempts for transient failures, with back-off`;
  return { step, label, runbook, evidence, limits: `${duration(timeoutMs)} an attempt; ${attempts}`, ...explanation };
}
