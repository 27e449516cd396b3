import { isStep, PLACES, STEPS, type Place } from '../../machine/steps.js';
import { duration } from '../clock-format.js';
import type { CommandFile, CommonOptions } from '../command.js';
import { UsageError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { explanationLines } from '../explanation-lines.js';
import { CODE_EXPLANATIONS, PLACE_EXPLANATIONS } from '../explanations.js';
import type { Io } from '../io.js';
import { resolveRun } from '../resolve-run.js';
import { explainRun } from '../run-explanation.js';
import { table } from '../table.js';
import { reading } from '../with-run.js';

export interface ExplainOptions {
  /** Null: everything there is to be explained. */
  readonly what: { readonly run: string } | { readonly place: Place } | { readonly code: string } | null;
}

/** Why a run stands where it stands; what a step does; what a code means. */
export const explain: CommandFile<ExplainOptions> = {
  define: (command) =>
    void command.argument(
      '[run-step-or-code]',
      'a run (id, beginning of one, or latest), a step of the runbook, or the code of an error',
    ),
  examples: ['cutover explain latest', 'cutover explain', 'cutover explain runningRcGates', 'cutover explain DRIFT'],
  parse([word]) {
    if (word === undefined) return { what: null };
    if (word === 'latest' || /^\d[\dTZ]*$/.test(word)) return { what: { run: word } };
    const place = PLACES.find((candidate) => candidate.toLowerCase() === word.toLowerCase());
    if (place !== undefined) return { what: { place } };
    const code = word.toUpperCase();
    if (Object.hasOwn(CODE_EXPLANATIONS, code)) return { what: { code } };
    throw new UsageError(
      `${JSON.stringify(word)} is neither a run nor a step nor a code that is explained here. See them all: cutover explain`,
    );
  },
  async run(options, io) {
    const { what, json, palette } = options;
    if (what !== null && 'run' in what) return explainOne(what.run, options, io);
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

async function explainOne(run: string, options: CommonOptions, io: Io): Promise<number> {
  const explanation = await reading(options, 'explain', io, async (workspace) =>
    explainRun(await workspace.engine.inspect(await resolveRun(workspace, run))),
  );
  if (options.json) io.stdout.write(`${JSON.stringify(explanation)}\n`);
  else {
    const lines = [`Run ${explanation.run}`, '', ...explanationLines(explanation, options.palette)];
    io.stdout.write(`${lines.join('\n')}\n`);
  }
  return EXIT.ok;
}

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
