import { ActorError } from './actor.js';
import type { ProcessResult } from './process/run-process.js';
import { quoteOutput } from './process/quote-output.js';

export type KubectlErrorCode =
  | 'KUBECTL_MISSING'
  | 'KUBECTL_TIMEOUT'
  | 'KUBECTL_FORBIDDEN'
  | 'KUBECTL_UNAUTHORIZED'
  | 'KUBECTL_NOT_FOUND'
  | 'KUBECTL_UNREACHABLE'
  | 'KUBECTL_FAILED'
  | 'KUBECTL_BAD_OUTPUT'
  | 'KUBECTL_TOO_OLD'
  | 'KUBECONFIG_INVALID';

/**
 * Names the trouble that a kubectl call ran into. kubectl exits 1 whatever went wrong, so its words are all there is to go by.
 * Source: k8s.io/kubectl/pkg/cmd/util/helpers.go (StandardErrorMessage) and the reasons of metav1.Status.
 */
export function kubectlError(args: readonly string[], result: ProcessResult, env: NodeJS.ProcessEnv): ActorError {
  const command = commandLine(args);
  const said = quoteOutput(forPeople(result.stderr.trim() === '' ? result.stdout : result.stderr), env);
  const how = result.timedOut
    ? `did not end within its time-out (${result.durationMs} ms)`
    : result.exitCode === null
      ? `was ended by ${result.signal ?? 'a signal'}`
      : `failed (exit code ${result.exitCode})`;
  const { code, advice } = result.timedOut ? TIMEOUT : (CAUSES.find(({ says }) => says.test(forPeople(result.stderr))) ?? OTHER);
  return new ActorError(code, `${command} ${how}: ${/[.?!]$/.test(said) ? said : `${said}.`} ${advice}`, {
    details: { command, exitCode: result.exitCode, signal: result.signal, stderr: said },
  });
}

/**
 * Without warnings and the lines that client-go logs for itself (klog: `E1124 02:13:45.599511 ...`), if anything else was said:
 * `auth can-i` warns that the server has no such resource type when it could not ask for the types.
 */
function forPeople(text: string): string {
  const lines = text.split('\n').filter((line) => !/^(?:Warning: |[IWEF]\d{4} \d\d:\d\d:\d\d)/.test(line) && line.trim() !== '');
  return lines.length === 0 ? text : lines.join('\n');
}

/** As a person would type it. */
export function commandLine(args: readonly string[]): string {
  return ['kubectl', ...args].map((arg) => (/^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", `'\\''`)}'`)).join(' ');
}

interface Cause {
  readonly code: KubectlErrorCode;
  readonly advice: string;
}

const TIMEOUT: Cause = {
  code: 'KUBECTL_TIMEOUT',
  advice:
    'Check that the cluster answers (kubectl get --raw /readyz) and what the object waits for (kubectl describe), then try again.',
};
const OTHER: Cause = { code: 'KUBECTL_FAILED', advice: 'Run the command by hand to see more (-v=6).' };

/** In order: who can't reach the server also says that it has no such resource type. */
const CAUSES: readonly (Cause & { readonly says: RegExp })[] = [
  {
    says: /\(Forbidden\)|is forbidden:|error code 403/i,
    code: 'KUBECTL_FORBIDDEN',
    advice: 'Ask for the missing permission in this namespace; see what you may do with: kubectl auth can-i --list.',
  },
  {
    says: /\(Unauthorized\)|must be logged in|asked for the client to provide credentials|getting credentials|no Auth Provider found/i,
    code: 'KUBECTL_UNAUTHORIZED',
    advice: 'The credentials are missing or have expired: log in to the cluster again, then try again.',
  },
  {
    says: /timed out waiting|Client\.Timeout|context deadline exceeded|i\/o timeout|TLS handshake timeout|\(Timeout\)|request timed out/i,
    ...TIMEOUT,
  },
  {
    says: /Unable to connect to the server|was refused|connection refused|connection reset|no such host|no route to host|network is unreachable|x509:|ServiceUnavailable|server is currently unable|unexpected EOF|: EOF/i,
    code: 'KUBECTL_UNREACHABLE',
    advice: 'Check the network, VPN and proxy, and the server of the context (kubectl config view --minify).',
  },
  {
    says: /\(NotFound\)|doesn't have a resource type|no matches for kind|could not find the requested resource/i,
    code: 'KUBECTL_NOT_FOUND',
    advice: 'Check the name, the namespace, and that the cluster has this kind of resource (kubectl api-resources).',
  },
];
