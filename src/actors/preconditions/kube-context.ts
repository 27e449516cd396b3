import { judgeKubeTarget } from '../../config/kube-patterns.js';
import type { Settings } from '../../config/settings.js';
import type { Check } from '../../config/step-contracts.js';
import { allSettled } from '../all-settled.js';
import { createKubectl, currentTarget, kubectlVersion, type Kubectl, type KubeTarget } from '../kubectl.js';
import { badOutput } from '../kubectl-call.js';
import { quoteOutput } from '../process/quote-output.js';
import type { ProcessOwner, ProcessResult } from '../process/run-process.js';
import { failed, passed } from '../check.js';
import { orFailedCheck, type Finding } from './precondition.js';

/**
 * Runbook pre-condition 4: kubectl is there and new enough, its current context is staging's, and the cluster grants what the
 * steps before the pause need. A cluster that may be production is not asked anything.
 */
export async function checkKubeContext(valid: Partial<Settings>, owner: ProcessOwner): Promise<Finding<KubeTarget>> {
  const name = '4. kube context';
  const client = await orFailedCheck('4. kubectl', owner.signal, async () => ({
    checks: [passed('4. kubectl', `client ${await kubectlVersion(owner)}`)],
    facts: null,
  }));
  const found = await orFailedCheck<KubeTarget>(name, owner.signal, async () => {
    const target = await currentTarget(owner);
    const { kubeContext: context, kubeServer: server } = target;
    const check = judgeKubeTarget({ context, server, contextOk: valid.contextOk ?? null });
    return { checks: [{ ...check, name }], facts: target };
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

async function checkPermissions({ namespace }: Partial<Settings>, facts: KubeTarget, owner: ProcessOwner): Promise<Check[]> {
  const name = '4. kube permissions';
  if (namespace === undefined)
    return [failed(name, 'not asked: DPP_K8S_NAMESPACE is not valid', 'Mend what is said of it below.')];
  const kubectl = createKubectl(owner, { context: facts.kubeContext, server: facts.kubeServer, namespace });
  const probes = [
    ...READ.map((resource) => mayList(kubectl, resource, namespace, owner)),
    ...ON_DEPLOYMENTS.map((verb) => may(kubectl, verb, namespace, owner.signal)),
  ];
  return (await allSettled(probes)).flatMap(({ checks }) => checks);
}

/** An empty list is what a namespace that does not exist gives too: the steps would find nothing there, after hours of gates. */
function mayList(kubectl: Kubectl, resource: string, namespace: string, { signal, env }: ProcessOwner): Promise<Finding<null>> {
  const name = `4. may list ${resource}`;
  return orFailedCheck(name, signal, async () => {
    const args = ['get', resource, '-o', 'name'];
    const answer = await kubectl.run(args);
    const names = answer.split('\n').filter((line) => line !== '');
    if (names.length === 0) {
      const advice = 'Deploy staging first, or set DPP_K8S_NAMESPACE to where it is.';
      return { checks: [failed(name, `there is none in namespace ${namespace}: nothing was proven`, advice)], facts: null };
    }
    if (!names.every((line) => OBJECT.test(line))) throw badOutput(args, `printed no names: ${quoteOutput(answer, env)}`);
    return { checks: [passed(name, `yes, ${names.length}`)], facts: null };
  });
}

/** As `-o name` prints it: `deployment.apps/dpp-api`. */
const OBJECT = /^[a-z0-9.-]+\/[a-z0-9.-]+$/;

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
