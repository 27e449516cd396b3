import { judgeKubeTarget } from '../../config/kube-patterns.js';
import type { Settings } from '../../config/settings.js';
import type { Check } from '../../config/step-contracts.js';
import { contextServer, createKubectl, currentContext, kubectlVersion, type Kubectl } from '../kubectl.js';
import type { ProcessOwner, ProcessResult } from '../process/run-process.js';
import { failed, orFailedCheck, passed, type Finding } from './precondition.js';

export interface KubeFacts {
  readonly kubeContext: string;
  readonly kubeServer: string;
}

/**
 * Runbook pre-condition 4: kubectl is there and new enough, its current context is staging's, and the cluster grants what the
 * steps before the pause need. A cluster that may be production is not asked anything.
 */
export async function checkKubeContext(valid: Partial<Settings>, owner: ProcessOwner): Promise<Finding<KubeFacts>> {
  const name = '4. kube context';
  const client = await orFailedCheck('4. kubectl', owner.signal, async () => ({
    checks: [passed('4. kubectl', `client ${await kubectlVersion(owner)}`)],
    facts: null,
  }));
  const found = await orFailedCheck<KubeFacts>(name, owner.signal, async () => {
    const kubeContext = await currentContext(owner);
    const kubeServer = await contextServer(owner, kubeContext);
    const check = judgeKubeTarget({ context: kubeContext, server: kubeServer, contextOk: valid.contextOk ?? null });
    return { checks: [{ ...check, name }], facts: { kubeContext, kubeServer } };
  });
  const checks = [...client.checks, ...found.checks];
  if (found.facts === null || checks.some(({ ok }) => !ok)) {
    checks.push(failed('4. kube permissions', 'not asked: the context must be right first', 'Mend what is said above.'));
    return { checks, facts: found.facts };
  }
  return { checks: [...checks, ...(await checkPermissions(valid, found.facts, owner))], facts: found.facts };
}

/** What the steps before the pause read, as they read it: this also shows that the cluster has such objects. */
const READ = ['deployments.apps', 'replicasets.apps', 'configmaps', 'secretproviderclasses.secrets-store.csi.x-k8s.io'];
/** `rollout undo` gets and patches, `rollout status` watches. */
const ON_DEPLOYMENTS = ['get', 'patch', 'watch'];

async function checkPermissions({ namespace }: Partial<Settings>, facts: KubeFacts, owner: ProcessOwner): Promise<Check[]> {
  const name = '4. kube permissions';
  if (namespace === undefined)
    return [failed(name, 'not asked: DPP_K8S_NAMESPACE is not valid', 'Mend what is said of it below.')];
  const kubectl = createKubectl(owner, { context: facts.kubeContext, namespace });
  const probes = [
    ...READ.map((resource) => mayList(kubectl, resource, owner.signal)),
    ...ON_DEPLOYMENTS.map((verb) => may(kubectl, verb, namespace, owner.signal)),
  ];
  return (await Promise.all(probes)).flatMap(({ checks }) => checks);
}

function mayList(kubectl: Kubectl, resource: string, signal: AbortSignal): Promise<Finding<null>> {
  const name = `4. may list ${resource}`;
  return orFailedCheck(name, signal, async () => {
    await kubectl.run(['get', resource, '-o', 'name']);
    return { checks: [passed(name, 'yes')], facts: null };
  });
}

function may(kubectl: Kubectl, verb: string, namespace: string, signal: AbortSignal): Promise<Finding<null>> {
  const name = `4. may ${verb} deployments.apps`;
  return orFailedCheck(name, signal, async () => {
    const isAnswer = ({ exitCode, stdout }: ProcessResult) => exitCode === 1 && /^no\b/.test(stdout);
    const answer = (await kubectl.run(['auth', 'can-i', verb, 'deployments.apps'], { isAnswer })).trim();
    const check =
      answer === 'yes'
        ? passed(name, 'yes')
        : failed(
            name,
            `the cluster says: ${answer === '' ? 'nothing' : answer}`,
            `Ask for a role in ${namespace} that allows it.`,
          );
    return { checks: [check], facts: null };
  });
}
