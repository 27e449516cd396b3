import { CommanderError } from 'commander';
import { InterruptedError } from '../engine/errors.js';
import { CheckpointIncompleteError, CommandError, DriftError, UsageError } from './errors.js';
import { EXIT, SIGNAL_EXIT } from './exit-codes.js';
import { explanationLines } from './explanation-lines.js';
import type { Io } from './io.js';
import { paletteFor, type Palette } from './palette.js';
import { oneLine, table } from './table.js';

/** Says what happened, where, and what to do; gives the exit code. With `json` on stdout, as one document. */
export function reportError(error: unknown, { json, color }: { json: boolean; color: boolean }, io: Io): number {
  const explanation = error instanceof CommandError ? error.explanation : null;
  const cause = error instanceof CommandError ? error.cause : error;
  if (json) {
    const { next = [], ...explained } = explanation ?? {};
    io.stdout.write(`${JSON.stringify({ error: { ...errorFacts(cause), next, explanation: explained } })}\n`);
  } else {
    const palette = paletteFor(io.stderr, io.env, color);
    const lines = [
      ...errorLines(cause, palette),
      ...(explanation === null ? [] : ['', ...explanationLines(explanation, palette)]),
    ];
    io.stderr.write(`${lines.join('\n')}\n`);
  }
  return exitCodeOf(cause);
}

/** Source: design section 5, "Exit codes". */
export function exitCodeOf(error: unknown): number {
  if (error instanceof InterruptedError) return SIGNAL_EXIT[error.signal];
  if (error instanceof UsageError || error instanceof CommanderError) return EXIT.usage;
  const code = codeOf(error);
  if (WAITING.includes(code)) return EXIT.waiting;
  if (USAGE.includes(code)) return EXIT.usage;
  return HELD.includes(code) ? EXIT.held : EXIT.failed;
}

const USAGE: readonly string[] = ['RUN_NOT_FOUND', 'SETTINGS_FILE_INVALID'];
const HELD: readonly string[] = ['LEASE_HELD', 'LEASE_LOST', 'ENVIRONMENT_HELD', 'CLAIMED'];
const WAITING: readonly string[] = ['CHECKPOINT_INCOMPLETE', 'SIGN_OFF_WITHDRAWN', 'SIGNATURE_REQUIRED', 'SIGN_OFF_LEFT'];

function errorFacts(error: unknown): { code: string; message: string } & Record<string, unknown> {
  const facts: Record<string, unknown> = {};
  if (error instanceof CheckpointIncompleteError) Object.assign(facts, { file: error.file, findings: error.findings });
  if (error instanceof DriftError) Object.assign(facts, { differences: error.differences });
  return { code: codeOf(error), message: messageOf(error), ...facts };
}

/** Enough for a form that nobody filled in; one that is not text has a finding for every line. */
const SHOWN_FINDINGS = 40;

function errorLines(error: unknown, palette: Palette): string[] {
  const head = `${palette.red('cutover:')} ${messageOf(error)}`;
  if (error instanceof CheckpointIncompleteError) {
    const rows = error.findings
      .slice(0, SHOWN_FINDINGS)
      .map(({ file, line, item, message }) => [`  ${file}${line === null ? '' : `:${line}`}`, item, oneLine(message)]);
    const more = error.findings.length - rows.length;
    return [head, ...table(rows), ...(more === 0 ? [] : [`  ... and ${more} more; all of them: --json`])];
  }
  if (error instanceof DriftError) {
    const rows = error.differences.map(({ what, frozen, now }) => [`  ${what}`, oneLine(frozen), oneLine(now)]);
    return [head, ...table([['  WHAT', 'AT START', 'NOW'], ...rows])];
  }
  const lines = [head];
  // A defect: its stack is what whoever mends it needs.
  if (error instanceof Error && codeOf(error) === 'UNEXPECTED' && error.stack !== undefined) lines.push(palette.dim(error.stack));
  return lines;
}

/** The stable code; errors of the system (ENOENT...) have one too. */
export function codeOf(error: unknown): string {
  if (error instanceof CommanderError) return 'USAGE';
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return 'UNEXPECTED';
}

function messageOf(error: unknown): string {
  if (error instanceof CommanderError) {
    return `${error.message
      .replace(/^error: /, '')
      .replace(/\n/g, ' ')
      .replace(/\.$/, '')}. See: cutover --help, cutover <command> --help`;
  }
  return error instanceof Error ? error.message : String(error);
}
