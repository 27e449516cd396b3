import { z } from 'zod';
import { ActorError } from './actor.js';
import { parseOutput, runKubectl } from './kubectl-call.js';
import { commandLine, kubectlError } from './kubectl-error.js';
import type { ProcessOwner } from './process/run-process.js';

const TIMEOUT_MS = 15_000;
const OLDEST_MINOR = 20;

/**
 * The client's version, e.g. `v1.32.4`. Errors: KUBECTL_MISSING, KUBECTL_BAD_OUTPUT, KUBECTL_TOO_OLD (before 1.20), and those
 * of a failed call.
 */
export async function kubectlVersion(owner: ProcessOwner): Promise<string> {
  const { gitVersion } = (await read(owner, ['version', '--client', '-o', 'json'], VERSION)).clientVersion;
  const [, major, minor] = /^v(\d+)\.(\d+)/.exec(gitVersion) ?? [];
  if (Number(major) < 1 || (Number(major) === 1 && Number(minor) < OLDEST_MINOR)) {
    throw new ActorError(
      'KUBECTL_TOO_OLD',
      `kubectl is ${gitVersion}; 1.${OLDEST_MINOR} or newer is needed. Install a newer one.`,
    );
  }
  return gitVersion;
}

/** Where kubectl leads. */
export interface KubeTarget {
  readonly kubeContext: string;
  /** URL. */
  readonly kubeServer: string;
}

/**
 * The kubeconfig's current context, and the API server that it leads to, from one look: of two, each might be of another kubeconfig.
 * Errors: KUBECONFIG_INVALID when no context is set, when it or its cluster is missing, is there twice, or has no server; and those
 * of a failed call.
 */
export async function currentTarget(owner: ProcessOwner): Promise<KubeTarget> {
  const { contexts, clusters, ...view } = await read(owner, VIEW, KUBECONFIG);
  const kubeContext = view['current-context'] ?? '';
  if (kubeContext.trim() === '') {
    throw new ActorError(
      'KUBECONFIG_INVALID',
      'The kubeconfig has no current context. Choose the staging one: kubectl config use-context NAME',
    );
  }
  const cluster = only('context', kubeContext, contexts).context.cluster;
  const kubeServer = only('cluster', cluster, clusters).cluster.server;
  if (kubeServer.trim() === '') throw invalid(`cluster ${JSON.stringify(cluster)} has no server`);
  return { kubeContext, kubeServer };
}

/** `config view` leaves out certificates, keys and tokens, and merges the files of KUBECONFIG as every other command does. */
const VIEW = ['config', 'view', '-o', 'json'];

const VERSION = z.object({ clientVersion: z.object({ gitVersion: z.string().regex(/^v\d+\.\d+/) }) });

const KUBECONFIG = z.object({
  'current-context': z.string().nullish(),
  contexts: z
    .array(
      z.object({
        name: z.string(),
        context: z.object({
          cluster: z
            .string()
            .nullish()
            .transform((name) => name ?? ''),
        }),
      }),
    )
    .nullish(),
  clusters: z
    .array(
      z.object({
        name: z.string(),
        cluster: z.object({
          server: z
            .string()
            .nullish()
            .transform((url) => url ?? ''),
        }),
      }),
    )
    .nullish(),
});

async function read<T>(owner: ProcessOwner, args: readonly string[], schema: z.ZodType<T>): Promise<T> {
  const result = await runKubectl(owner, args, TIMEOUT_MS);
  if (result.exitCode !== 0) throw kubectlError(args, result, owner.env);
  return parseOutput(args, result.stdout, schema, owner.env);
}

function only<T extends { readonly name: string }>(kind: string, name: string, entries: readonly T[] | null | undefined): T {
  const [found, second] = (entries ?? []).filter((entry) => entry.name === name);
  if (found === undefined) throw invalid(`there is no ${kind} named ${JSON.stringify(name)}`);
  if (second !== undefined) throw invalid(`there are two entries for the ${kind} ${JSON.stringify(name)}`);
  return found;
}

function invalid(what: string): ActorError {
  return new ActorError('KUBECONFIG_INVALID', `In the kubeconfig ${what}. See it with: ${commandLine(VIEW.slice(0, 2))}`);
}
