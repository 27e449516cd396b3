import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { FaultCase, FaultGroup } from '../fault-case.js';
import type { FaultPilot } from '../fault-pilot.js';

const TOOL = '4. kubectl';
const CONTEXT = '4. kube context';
const NOT_ASKED = '4. kube permissions';
const LISTS = [
  '4. may list deployments.apps',
  '4. may list replicasets.apps',
  '4. may list configmaps',
  '4. may list secretproviderclasses.secrets-store.csi.x-k8s.io',
];
const VERBS = ['get', 'patch', 'watch'].map((verb) => `4. may ${verb} deployments.apps`);

/** The call that goes wrong, by its first words; every other one is the real kubectl's. */
type Call = 'version' | 'config' | 'get' | 'auth';

const BROKEN_BY: Readonly<Record<Call, readonly string[]>> = {
  version: [TOOL, NOT_ASKED],
  config: [CONTEXT, NOT_ASKED],
  get: LISTS,
  auth: VERBS,
};

function call(which: Call, how: string, script: string, says: FaultCase['says']): FaultCase {
  return {
    what: `\`kubectl ${which}\``,
    how,
    inject: (pilot) => pilot.shadow('kubectl', `case "$1" in ${which}) ${script} ;; esac\nexec "$REAL" "$@"`),
    says,
    failedChecks: BROKEN_BY[which],
  };
}

function kubeconfig(
  how: string,
  inject: FaultCase['inject'],
  says: FaultCase['says'],
  mend: FaultCase['mend'] = restoreKubeconfig,
): FaultCase {
  return { what: 'kubeconfig', how, inject, mend, says, failedChecks: [CONTEXT, NOT_ASKED] };
}

const edit = (change: (text: string) => string) => (pilot: FaultPilot) => pilot.rewrite(pilot.kubeconfig, change);
const restoreKubeconfig = (pilot: FaultPilot) => pilot.site.kubernetes.writeKubeconfig(pilot.kubeconfig);

/** A second kubeconfig with a context and cluster of the same names, that leads elsewhere. */
async function twoFiles(pilot: FaultPilot): Promise<void> {
  const other = join(pilot.home, 'other-kubeconfig');
  await pilot.write(other, (await pilot.read(pilot.kubeconfig)).replace(/server: .*/, 'server: https://api.prod.example.com'));
  pilot.setVariable('KUBECONFIG', `${other}:${pilot.kubeconfig}`);
}

export const KUBECTL: FaultGroup = {
  title: 'Pre-condition 4: kubectl and its context',
  stage: 'preflight',
  cases: [
    {
      what: 'kubectl',
      how: 'not installed',
      inject: (pilot) => pilot.without('kubectl'),
      says: ['KUBECTL_MISSING: kubectl cannot be run: kubectl is not on the PATH', 'Install it, or extend the PATH.'],
      failedChecks: [TOOL, CONTEXT, NOT_ASKED],
    },
    {
      what: 'kubectl',
      how: 'killed by a signal at every call',
      inject: (pilot) => pilot.shadow('kubectl', 'kill -KILL $$'),
      says: [
        'kubectl version --client -o json was ended by SIGKILL',
        'kubectl config view -o json was ended by SIGKILL',
        'Run the command by hand to see more',
      ],
      failedChecks: [TOOL, CONTEXT, NOT_ASKED],
    },
    {
      what: 'kubectl',
      how: 'prints nothing at every call, exit 0',
      inject: (pilot) => pilot.shadow('kubectl', 'exit 0'),
      says: ['kubectl version --client -o json succeeded, but printed nothing', 'nothing is proven by this answer'],
      failedChecks: [TOOL, CONTEXT, NOT_ASKED],
    },
    call('version', '1.19, older than supported', `echo '{"clientVersion":{"gitVersion":"v1.19.16"}}'; exit 0`, [
      'KUBECTL_TOO_OLD: kubectl is v1.19.16; 1.20 or newer is needed',
      'Install a newer one',
    ]),
    call('version', 'prints no JSON, exit 0', 'echo Client Version: v1.32.4; exit 0', [
      'KUBECTL_BAD_OUTPUT',
      'kubectl version --client -o json succeeded, but printed no JSON: Client Version: v1.32.4',
      'Run the command by hand',
    ]),
    call('version', 'never ends (15 s are waited)', 'exec sleep 600', [
      'KUBECTL_TIMEOUT: kubectl version --client -o json did not end within its time-out',
      'then try again',
    ]),
    call('config', 'prints HTML, exit 0', `echo '<html>502 Bad Gateway</html>'; exit 0`, [
      'KUBECTL_BAD_OUTPUT: kubectl config view -o json succeeded, but printed no JSON: <html>502 Bad Gateway</html>',
      'Run the command by hand',
    ]),
    call('config', 'prints nothing, exit 0', 'exit 0', ['kubectl config view -o json succeeded, but printed nothing']),
    call('get', 'prints nothing, exit 0', 'exit 0', [
      'there is none in namespace dpp-staging: nothing was proven',
      'Deploy staging first, or set DPP_K8S_NAMESPACE to where it is.',
    ]),
    call('get', 'prints HTML, exit 0', `echo '<html>502 Bad Gateway</html>'; exit 0`, [
      'KUBECTL_BAD_OUTPUT: kubectl get configmaps -o name succeeded, but printed no names: <html>502 Bad Gateway</html>',
      'Run the command by hand',
    ]),
    call('get', 'killed by a signal', 'kill -SEGV $$', [
      'KUBECTL_FAILED: kubectl get configmaps -o name --context dpp-staging',
      'was ended by SIGSEGV',
      'Run the command by hand',
    ]),
    call('auth', 'prints nothing, exit 0', 'exit 0', [
      '4. may patch deployments.apps: the cluster says: nothing',
      'Ask for a role in dpp-staging that allows it.',
    ]),
    call('auth', 'prints a yes, but fails', 'echo yes; echo broken pipe >&2; exit 1', [
      'KUBECTL_FAILED: kubectl auth can-i patch deployments.apps',
      'failed (exit code 1): broken pipe',
    ]),
    kubeconfig('missing', (pilot) => rm(pilot.kubeconfig), [
      'KUBECONFIG_INVALID: The kubeconfig has no current context.',
      'kubectl config use-context NAME',
    ]),
    kubeconfig('unreadable: a directory', (pilot) => pilot.setVariable('KUBECONFIG', pilot.home), [
      'KUBECTL_FAILED: kubectl config view -o json failed (exit code 1)',
      'is a directory',
    ]),
    kubeconfig(
      'malformed',
      edit((text) => text.replace('clusters:', 'clusters: {')),
      [
        'KUBECTL_FAILED: kubectl config view -o json failed (exit code 1): error: error loading config file',
        'Run the command by hand',
      ],
    ),
    kubeconfig(
      'no current context',
      edit((text) => text.replace(/^current-context:.*\n/m, '')),
      ['KUBECONFIG_INVALID: The kubeconfig has no current context.', 'Choose the staging one: kubectl config use-context NAME'],
    ),
    kubeconfig(
      'the current context is gone',
      edit((text) => text.replace('current-context: dpp-staging', 'current-context: old-staging')),
      ['KUBECONFIG_INVALID: In the kubeconfig there is no context named "old-staging"', 'See it with: kubectl config view'],
    ),
    kubeconfig(
      "the context's cluster is gone",
      edit((text) => text.replace('cluster: dpp-staging', 'cluster: gone')),
      ['KUBECONFIG_INVALID: In the kubeconfig there is no cluster named "gone"', 'See it with: kubectl config view'],
    ),
    kubeconfig(
      'the cluster has no server',
      edit((text) => text.replace(/server: .*/, 'server: ""')),
      ['KUBECONFIG_INVALID: In the kubeconfig cluster "dpp-staging" has no server'],
    ),
    kubeconfig(
      'the server looks like production',
      edit((text) => text.replace(/server: .*/, 'server: https://api.prod.example.com')),
      [
        'context "dpp-staging" leads to https://api.prod.example.com, which refers to production ("prod")',
        'Choose the staging context: kubectl config use-context NAME.',
      ],
    ),
    kubeconfig(
      'the name looks like production',
      edit((text) => text.replaceAll('dpp-staging', 'dpp-production')),
      [
        'context "dpp-production" refers to production ("production")',
        'Choose the staging context: kubectl config use-context NAME.',
      ],
    ),
    kubeconfig(
      'the name does not say staging',
      edit((text) => text.replaceAll('dpp-staging', 'pilot')),
      [
        'context "pilot" (http://127.0.0.1:',
        'does not say that it is staging',
        'If this is the one, vouch for it: --context-ok "pilot".',
      ],
    ),
    kubeconfig('two files with one context name: the first one counts, and it is production', twoFiles, [
      'context "dpp-staging" leads to https://api.prod.example.com, which refers to production ("prod")',
    ]),
  ],
};
