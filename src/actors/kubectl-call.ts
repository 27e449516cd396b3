import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { ZodType } from 'zod';
import { ActorError } from './actor.js';
import { commandLine } from './kubectl-error.js';
import { couldNotBegin } from './process/find-command.js';
import { quoteOutput } from './process/quote-output.js';
import { runProcess, type ProcessOwner, type ProcessResult } from './process/run-process.js';

/** Large clusters have large lists; nothing that a cutover asks for comes near it. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/**
 * Runs kubectl with these arguments, and with a place for its cache where HOME names none; any exit code is a result.
 * Errors: KUBECTL_MISSING and those of `runProcess`.
 */
export async function runKubectl(owner: ProcessOwner, args: readonly string[], timeoutMs: number): Promise<ProcessResult> {
  try {
    return await runProcess(owner, 'kubectl', [...args, ...cacheDirectory(owner.env)], {
      timeoutMs,
      maxOutputBytes: MAX_OUTPUT_BYTES,
    });
  } catch (error) {
    if (couldNotBegin(error)) {
      throw new ActorError('KUBECTL_MISSING', `kubectl cannot be run: ${error.message}`, { cause: error });
    }
    throw error;
  }
}

/** Without HOME kubectl would write `.kube/cache` into the working directory: the repository, whose worktree must stay clean. */
function cacheDirectory(env: NodeJS.ProcessEnv): string[] {
  return env['HOME'] ? [] : ['--cache-dir', join(tmpdir(), `cutover-kubectl-cache-${userInfo().uid}`)];
}

/** Parses kubectl's JSON. Exit code 0 with nothing, or with something else, is KUBECTL_BAD_OUTPUT. */
export function parseOutput<T>(args: readonly string[], stdout: string, schema: ZodType<T>, env: NodeJS.ProcessEnv): T {
  if (stdout.trim() === '') throw badOutput(args, 'printed nothing');
  let value: unknown;
  try {
    value = JSON.parse(stdout);
  } catch (error) {
    throw badOutput(args, `printed no JSON: ${quoteOutput(stdout, env)}`, error);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.slice(0, 3).map(({ path, message }) => `${path.join('.') || 'the document'}: ${message}`);
  throw badOutput(args, `its JSON is not as expected (${issues.join('; ')})`);
}

/** KUBECTL_BAD_OUTPUT: kubectl said that all went well, and did not give what was asked for. */
export function badOutput(args: readonly string[], what: string, cause?: unknown): ActorError {
  const command = commandLine(args);
  const message = `${command} succeeded, but ${what}. Run the command by hand; nothing is proven by this answer.`;
  return new ActorError('KUBECTL_BAD_OUTPUT', message, { details: { command }, cause });
}
