import type { ZodType } from 'zod';
import type { EvidenceLog } from '../evidence/evidence-dir.js';
import { ActorError } from './actor.js';
import { parseOutput, runKubectl } from './kubectl-call.js';
import { commandLine, kubectlError } from './kubectl-error.js';
import type { ProcessOwner, ProcessResult } from './process/run-process.js';

export { currentTarget, kubectlVersion, type KubeTarget } from './kubeconfig.js';

export interface Kubectl {
  /** Adds `-o json`, parses and checks. Errors as `run`, and KUBECTL_BAD_OUTPUT for an empty or unexpected answer. */
  get<T>(args: readonly string[], schema: ZodType<T>): Promise<T>;
  /** Returns stdout. Errors: KUBECTL_MISSING, _TIMEOUT, _FORBIDDEN, _UNAUTHORIZED, _NOT_FOUND, _UNREACHABLE, _FAILED. */
  run(args: readonly string[], options?: KubectlRunOptions): Promise<string>;
}

export interface KubectlRunOptions {
  /** Milliseconds; default 30,000. */
  readonly timeoutMs?: number;
  /** Gets the call, what it printed, and how it ended. Not for JSON bodies: they may hold anything. */
  readonly log?: EvidenceLog;
  /** Whether an exit code other than 0 is an answer too (`auth can-i` says no so). */
  readonly isAnswer?: (result: ProcessResult) => boolean;
}

const DEFAULT_TIMEOUT_MS = 30_000;

/** Whom to ask: a run's own cluster and namespace. */
export interface StagingTarget {
  readonly context: string;
  /** URL. */
  readonly server: string;
  readonly namespace: string;
}

/**
 * The real kubectl, always with `--context`, `--server`, `-n` and a request time-out: neither what the kubeconfig calls current
 * plays a part, nor where its context leads by now. It gives the credentials, and no more.
 */
export function createKubectl(owner: ProcessOwner, { context, server, namespace }: StagingTarget): Kubectl {
  async function call(
    args: readonly string[],
    { timeoutMs = DEFAULT_TIMEOUT_MS, log, isAnswer = succeeded }: KubectlRunOptions = {},
  ) {
    const all = [...args, '--context', context, '--server', server, '-n', namespace, requestTimeout(timeoutMs)];
    await log?.write(`$ ${commandLine(all)}\n`);
    let result: ProcessResult;
    try {
      result = await runKubectl(owner, all, timeoutMs);
    } catch (error) {
      if (error instanceof ActorError) await log?.write(`[not run to its end: ${error.message}]\n`);
      throw error;
    }
    for (const text of [result.stdout, result.stderr])
      if (text !== '') await log?.write(text.endsWith('\n') ? text : `${text}\n`);
    await log?.write(`[${howItEnded(result)}]\n`);
    if (!succeeded(result) && !isAnswer(result)) throw kubectlError(all, result, owner.env);
    return { all, stdout: result.stdout };
  }

  return {
    async get(args, schema) {
      const { all, stdout } = await call([...args, '-o', 'json']);
      return parseOutput(all, stdout, schema, owner.env);
    },
    async run(args, options) {
      const { stdout } = await call(args, options);
      return stdout;
    },
  };
}

function succeeded({ exitCode }: ProcessResult): boolean {
  return exitCode === 0;
}

/** One second less than the process gets, so that kubectl itself can say what it waited for. */
function requestTimeout(timeoutMs: number): string {
  return `--request-timeout=${Math.max(1, Math.floor(timeoutMs / 1000) - 1)}s`;
}

function howItEnded(result: ProcessResult): string {
  if (result.timedOut) return `timed out after ${result.durationMs} ms`;
  return result.exitCode === null ? `ended by ${result.signal ?? 'a signal'}` : `exit code ${result.exitCode}`;
}
