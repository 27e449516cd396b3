import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import type { Settings } from '../config/settings.js';
import type { RcGatesFacts } from '../config/step-contracts.js';
import type { EvidenceLog } from '../evidence/evidence-dir.js';
import { EVIDENCE } from '../evidence/layout.js';
import { ActorError, type ActorContext } from './actor.js';
import { couldNotBegin } from './process/find-command.js';
import { LastLine } from './process/last-line.js';
import { runProcess, type ProcessResult } from './process/run-process.js';
import { hashRcRunner, rcRunnerMissing } from './rc-runner.js';

/** A backstop only: how long the gates may take is the engine's business, which aborts the signal. */
export const BACKSTOP_MS = 24 * 60 * 60 * 1000;
const NEXT = `Check ${EVIDENCE.rcGates}; fix the failing gate, then start a new run.`;

/**
 * Runbook step 1: runs the RC gates and streams their whole output into 30_rc_gates.txt as it comes. Only exit code 0 passes.
 * Errors: RC_GATES_FAILED with `details.exitCode` and `details.signal`; RC_RUNNER_MISSING when it cannot be read or run.
 */
export async function runRcGates(
  { settings }: { readonly settings: Settings },
  context: ActorContext,
  timeoutMs: number = BACKSTOP_MS,
): Promise<RcGatesFacts> {
  const { rcRunner: runner, directory } = settings;
  const runnerSha256 = await hashRcRunner(runner);
  const [command, ...args] = await commandOf(runner);
  const log = await context.openLog(EVIDENCE.rcGates);
  await log.write(
    `RC gates of run ${context.runId}, attempt ${context.attempt}\n` +
      `Runner: ${[command, ...args].join(' ')}\nRunner SHA-256: ${runnerSha256}\n` +
      `Directory: ${directory}\nStarted: ${context.now().toISOString()}\n\n`,
  );
  const output = new LastLine((line) => context.progress(line));
  let result: ProcessResult;
  try {
    result = await runProcess(context, command, args, {
      cwd: directory,
      timeoutMs,
      onOutput: async (chunk) => {
        output.take(chunk);
        await log.write(chunk);
      },
    });
  } catch (error) {
    const told = context.signal.aborted || error instanceof ActorError;
    if (told) await end(log, output, `interrupted: ${error instanceof Error ? error.message : String(error)}`);
    throw couldNotBegin(error) ? rcRunnerMissing(runner, `cannot be run: ${error.message}`, error) : error;
  }
  const { exitCode, signal, durationMs, timedOut } = result;
  const how = timedOut ? 'timed out' : exitCode === null ? `ended by ${signal}` : `exit code ${exitCode}`;
  await end(log, output, `${how} after ${durationMs} ms`);
  if (exitCode === 0) return { runner, exitCode, durationMs, outputBytes: output.bytes };
  throw new ActorError('RC_GATES_FAILED', `The RC gates failed: ${runner} (${how}). ${NEXT}`, {
    details: { runner, exitCode, signal, timedOut, durationMs },
  });
}

/** On a line of its own, whatever the output ended with. */
async function end(log: EvidenceLog, output: LastLine, how: string): Promise<void> {
  await log.write(`${output.endsLine ? '' : '\n'}\n[${how}]\n`);
  await log.close();
}

/** By its first line if it may be executed; a Python file that may not is given to python3. */
async function commandOf(runner: string): Promise<[string, ...string[]]> {
  return !runner.endsWith('.py') || (await isExecutable(runner)) ? [runner] : ['python3', runner];
}

function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
