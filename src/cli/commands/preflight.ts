import type { Check } from '../../config/step-contracts.js';
import { defineBegin, parseBegin, type BeginOptions } from '../begin-run.js';
import type { CommandFile, CommonOptions } from '../command.js';
import { EXIT } from '../exit-codes.js';
import type { Io } from '../io.js';
import { preconditionChecks } from '../precondition-checks.js';
import { oneLine, table } from '../table.js';

/** The pre-conditions alone: no run, no evidence, no database. */
export const preflight: CommandFile<BeginOptions> = {
  define: defineBegin,
  examples: ['cutover preflight', 'cutover preflight --context-ok kind-pilot', 'cutover preflight --json'],
  parse: (_args, raw, io) => parseBegin(raw, io),
  async run(options, io) {
    return show(await preconditionChecks(options.request, io), options, io);
  },
};

function show(checks: readonly Check[], { json, palette }: CommonOptions, io: Io): number {
  const ok = checks.length > 0 && checks.every((check) => check.ok);
  if (json) io.stdout.write(`${JSON.stringify({ ok, checks })}\n`);
  else {
    const rows = checks.map((check) => [
      check.ok ? palette.green('PASS') : palette.red('FAIL'),
      check.name,
      oneLine(check.message),
    ]);
    const advice = checks
      .filter((check) => !check.ok && check.advice !== null)
      .map((check) => `  ${check.name}: ${oneLine(check.advice ?? '')}`);
    const lines = [
      ...table([['RESULT', 'CHECK', 'FOUND'], ...rows]),
      ...(advice.length === 0 ? [] : ['', 'What to do:', ...advice]),
      '',
      ok
        ? 'Ready. Begin with: cutover start'
        : `${checks.filter((check) => !check.ok).length} of ${checks.length} checks failed. Mend them, then: cutover preflight`,
    ];
    io.stdout.write(`${lines.join('\n')}\n`);
  }
  return ok ? EXIT.ok : EXIT.failed;
}
