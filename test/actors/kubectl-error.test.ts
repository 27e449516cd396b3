import { describe, expect, test } from '@jest/globals';
import { commandLine, kubectlError } from '../../src/actors/kubectl-error.js';
import type { ProcessResult } from '../../src/actors/process/run-process.js';

const ARGS = ['get', 'pods'];

function ended(changes: Partial<ProcessResult> = {}): ProcessResult {
  return { exitCode: 1, signal: null, stdout: '', stderr: 'it broke', timedOut: false, durationMs: 1234, ...changes };
}

const ADVICE = {
  KUBECTL_FORBIDDEN: 'Ask for the missing permission in this namespace; see what you may do with: kubectl auth can-i --list.',
  KUBECTL_UNAUTHORIZED: 'The credentials are missing or have expired: log in to the cluster again, then try again.',
  KUBECTL_TIMEOUT:
    'Check that the cluster answers (kubectl get --raw /readyz) and what the object waits for (kubectl describe), then try again.',
  KUBECTL_UNREACHABLE: 'Check the network, VPN and proxy, and the server of the context (kubectl config view --minify).',
  KUBECTL_NOT_FOUND: 'Check the name, the namespace, and that the cluster has this kind of resource (kubectl api-resources).',
  KUBECTL_FAILED: 'Run the command by hand to see more (-v=6).',
};

describe('the trouble that kubectl ran into', () => {
  /** As client-go, kubectl and API servers word them. */
  test.each<[keyof typeof ADVICE, string]>([
    ['KUBECTL_FORBIDDEN', 'Error from server (Forbidden): unknown'],
    ['KUBECTL_FORBIDDEN', 'error: deployments.apps "dpp-api" is forbidden: User "operator" cannot patch resource'],
    ['KUBECTL_FORBIDDEN', 'error: unexpected error code 403'],
    ['KUBECTL_UNAUTHORIZED', 'error: (Unauthorized)'],
    ['KUBECTL_UNAUTHORIZED', 'error: You must be logged in to the server'],
    ['KUBECTL_UNAUTHORIZED', 'error: the server has asked for the client to provide credentials'],
    [
      'KUBECTL_UNAUTHORIZED',
      'Unable to connect to the server: getting credentials: exec: executable aws failed with exit code 255',
    ],
    ['KUBECTL_UNAUTHORIZED', 'error: no Auth Provider found for name "gcp"'],
    ['KUBECTL_TIMEOUT', 'error: timed out waiting for the condition'],
    [
      'KUBECTL_TIMEOUT',
      'Unable to connect to the server: net/http: request canceled (Client.Timeout exceeded while awaiting headers)',
    ],
    ['KUBECTL_TIMEOUT', 'Unable to connect to the server: context deadline exceeded'],
    ['KUBECTL_TIMEOUT', 'Unable to connect to the server: dial tcp 10.0.0.1:443: i/o timeout'],
    ['KUBECTL_TIMEOUT', 'Unable to connect to the server: net/http: TLS handshake timeout'],
    ['KUBECTL_TIMEOUT', 'Error from server (Timeout): the server was unable to return a response in the time allotted'],
    ['KUBECTL_TIMEOUT', 'Error from server: etcdserver: request timed out'],
    ['KUBECTL_UNREACHABLE', 'Unable to connect to the server: unknown'],
    ['KUBECTL_UNREACHABLE', 'The connection to the server localhost:8080 was refused - did you specify the right host or port?'],
    ['KUBECTL_UNREACHABLE', 'error: dial tcp 10.0.0.1:443: connect: connection refused'],
    ['KUBECTL_UNREACHABLE', 'error: read tcp 10.0.0.2:5->10.0.0.1:443: read: connection reset by peer'],
    ['KUBECTL_UNREACHABLE', 'error: dial tcp: lookup k8s.staging.example.com: no such host'],
    ['KUBECTL_UNREACHABLE', 'error: dial tcp 10.0.0.1:443: connect: no route to host'],
    ['KUBECTL_UNREACHABLE', 'error: dial tcp 10.0.0.1:443: connect: network is unreachable'],
    ['KUBECTL_UNREACHABLE', 'error: tls: failed to verify certificate: x509: certificate signed by unknown authority'],
    ['KUBECTL_UNREACHABLE', 'Error from server (ServiceUnavailable): unknown'],
    ['KUBECTL_UNREACHABLE', 'Error from server: the server is currently unable to handle the request'],
    ['KUBECTL_UNREACHABLE', 'error: unexpected EOF'],
    ['KUBECTL_UNREACHABLE', 'error: Get "https://k8s.staging.example.com/api": EOF'],
    ['KUBECTL_NOT_FOUND', 'Error from server (NotFound): pods "absent" not found'],
    ['KUBECTL_NOT_FOUND', 'error: the server doesn\'t have a resource type "unicorns"'],
    ['KUBECTL_NOT_FOUND', 'error: resource mapping not found: no matches for kind "Unicorn" in version "v1"'],
    ['KUBECTL_NOT_FOUND', 'Error from server: the server could not find the requested resource'],
    ['KUBECTL_FAILED', 'error: something else'],
    ['KUBECTL_FAILED', 'error: deployment "forbidden-fruit" exceeded its progress deadline'],
  ])('is %s, with what to do, when it says: %s', (code, stderr) => {
    expect(kubectlError(ARGS, ended({ stderr }), {})).toMatchObject({
      name: 'ActorError',
      code,
      message: `kubectl get pods failed (exit code 1): ${stderr}${stderr.endsWith('?') ? '' : '.'} ${ADVICE[code]}`,
      options: { details: { command: 'kubectl get pods', exitCode: 1, signal: null, stderr } },
    });
  });

  test('is told by the first cause: who can not reach the server also says that it has no such type', () => {
    const stderr = 'Unable to connect to the server: EOF\nerror: the server doesn\'t have a resource type "pods"';
    expect(kubectlError(ARGS, ended({ stderr }), {}).code).toBe('KUBECTL_UNREACHABLE');
  });

  test('is a time-out when ours was up, whatever it said until then', () => {
    const error = kubectlError(ARGS, ended({ exitCode: null, signal: 'SIGTERM', timedOut: true, stderr: '(Forbidden)' }), {});
    expect(error).toMatchObject({
      code: 'KUBECTL_TIMEOUT',
      message: `kubectl get pods did not end within its time-out (1234 ms): (Forbidden). ${ADVICE.KUBECTL_TIMEOUT}`,
      options: { details: { exitCode: null, signal: 'SIGTERM' } },
    });
  });

  test.each([
    ['SIGKILL', 'SIGKILL'],
    [null, 'a signal'],
  ])('is its end by %s', (signal, named) => {
    expect(kubectlError(ARGS, ended({ exitCode: null, signal }), {}).message).toBe(
      `kubectl get pods was ended by ${named}: it broke. ${ADVICE.KUBECTL_FAILED}`,
    );
  });
});

describe('what kubectl said', () => {
  const said = (changes: Partial<ProcessResult>) => kubectlError(ARGS, ended(changes), {}).options.details?.['stderr'];

  test('is stdout when stderr says nothing', () => {
    expect(said({ stderr: ' \n', stdout: 'on stdout\n' })).toBe('on stdout');
    expect(said({ stderr: 'on stderr', stdout: 'on stdout' })).toBe('on stderr');
    expect(said({ stderr: '', stdout: '' })).toBe('(nothing)');
  });

  const KLOG = ['I', 'W', 'E', 'F'].map((level) => `${level}1124 02:13:45.599511   12345 memcache.go:265] "Unhandled Error"`);

  test('is told without what client-go logs for itself, unless there is nothing else', () => {
    expect(said({ stderr: [...KLOG, '', 'error: it broke', ...KLOG].join('\n') })).toBe('error: it broke');
    expect(said({ stderr: `${KLOG[2]}\n` })).toBe(KLOG[2]);
    expect(said({ stderr: 'E1124 is no time\nXE1124 02:13:45 neither\nD1124 02:13:45 nor this' })).toBe(
      'E1124 is no time | XE1124 02:13:45 neither | D1124 02:13:45 nor this',
    );
  });

  test('ends as a sentence does', () => {
    for (const end of ['.', '?', '!']) {
      expect(kubectlError(ARGS, ended({ stderr: `Really${end}` }), {}).message).toContain(`: Really${end} Run`);
    }
    expect(kubectlError(ARGS, ended({ stderr: 'Really. Yes' }), {}).message).toContain(': Really. Yes. Run');
  });

  test('is told without secrets', () => {
    const error = kubectlError(ARGS, ended({ stderr: 'bad token hunter2hunter2' }), { CLUSTER_TOKEN: 'hunter2hunter2' });
    expect(error.message).toContain('bad token [REDACTED:');
    expect(JSON.stringify(error)).not.toContain('hunter2');
  });
});

test('a command line is shown as a person would type it', () => {
  expect(commandLine(['get', 'a=b,c', '-n', "it's", 'two words', ''])).toBe("kubectl get a=b,c -n 'it'\\''s' 'two words' ''");
  expect(commandLine(['$x', 'y$', 'user@host:/a-b.c_d%+'])).toBe("kubectl '$x' 'y$' user@host:/a-b.c_d%+");
});
