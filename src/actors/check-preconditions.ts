import { setMaxListeners } from 'node:events';
import { parseSettings } from '../config/parse-settings.js';
import type { RunRequest, Settings } from '../config/settings.js';
import type { Check, PreflightFacts, Signer } from '../config/step-contracts.js';
import { EVIDENCE } from '../evidence/layout.js';
import { ActorError, type ActorContext } from './actor.js';
import { allSettled } from './all-settled.js';
import { createGit } from './git.js';
import { CLEAN, composeWorld } from './observe-world.js';
import { checkAwsIdentity } from './preconditions/aws-identity.js';
import { checkBucket } from './preconditions/bucket.js';
import { checkKubeContext } from './preconditions/kube-context.js';
import { environmentOf } from './preconditions/environment.js';
import { realFiles } from './preconditions/files.js';
import type { Finding } from './preconditions/precondition.js';
import { checkPolicy } from './preconditions/policy.js';
import { checkBranch, checkCleanWorktree, checkCommits } from './preconditions/repository.js';
import { checkSigner } from './preconditions/signer.js';
import { checkTimestampAuthority } from './preconditions/timestamp-authority.js';
import { hashRcRunner } from './rc-runner.js';

/**
 * The runbook's pre-conditions 1 to 8 and its Required ENV: all are checked, even when some fail, and all are reported at once,
 * in 10_preflight.json too. Nothing else is written, nothing is changed. Errors: PREFLIGHT_FAILED with `details.checks`, RC_RUNNER_MISSING.
 */
export async function checkPreconditions(
  { request }: { readonly request: RunRequest },
  context: ActorContext,
): Promise<PreflightFacts> {
  const { signal, env } = context;
  // Every check in flight listens to it; more than ten at once are no leak.
  setMaxListeners(50, signal);
  const accessKeyInEnvironment = Boolean(env['AWS_ACCESS_KEY_ID']?.trim());
  const { settings, valid, checks: variables } = parseSettings(request, realFiles, { accessKeyInEnvironment });
  const environment = variables.map((check) => ({ ...check, name: `${preconditionOf(check.name)} ${check.name}` }));
  environment.forEach((check) => context.progress(line(check)));

  const git = createGit(context, request.directory);
  const told = async <Facts>(finding: Promise<Finding<Facts>>) => {
    const found = await finding;
    found.checks.forEach((check) => context.progress(line(check)));
    return found;
  };
  const askedIdentity = told(checkAwsIdentity(valid, variables, env, signal));
  const account = () => askedIdentity.then(({ facts }) => facts?.account ?? null);
  const [branch, commits, identity, kube, bucket, signer, authority, policy, worktree] = await allSettled([
    told(checkBranch(git, valid.branches ?? [], signal)),
    told(checkCommits(git, { requiredCommits: valid.requiredCommits ?? [], commitsOk: request.commitsOk }, signal)),
    askedIdentity,
    told(checkKubeContext(valid, context)),
    told(checkBucket(valid, variables, context, account)),
    told(checkSigner(valid, variables, context)),
    told(checkTimestampAuthority(valid, variables, signal)),
    told(checkPolicy(git, request, signal)),
    told(checkCleanWorktree(git, request.directory, signal)),
  ]);
  signal.throwIfAborted();
  const checks = [branch, commits, identity, kube, bucket, signer, authority, policy]
    .flatMap((finding): readonly Check[] => finding.checks)
    .concat(environment, worktree.checks);
  const facts = { ...branch.facts, ...commits.facts, ...kube.facts };
  const { gitHead, gitBranch, kubeContext, kubeServer } = facts;
  const complete =
    settings !== null &&
    // Only a clean worktree is a world that a run may be held to.
    worktree.checks.every(({ ok }) => ok) &&
    identity.facts !== null &&
    signer.facts !== null &&
    gitHead !== undefined &&
    gitBranch !== undefined &&
    kubeContext !== undefined &&
    kubeServer !== undefined
      ? preflightFacts(settings, checks, env, signer.facts.signer, {
          gitHead,
          gitBranch,
          gitStatus: CLEAN,
          rcRunnerSha256: await hashRcRunner(settings.rcRunner),
          kubeContext,
          kubeServer,
          awsAccount: identity.facts.account,
          awsArn: identity.facts.arn,
          signerKeyId: signer.facts.signer?.keyId ?? null,
        })
      : null;
  const failures = checks.filter(({ ok }) => !ok);
  await writeReport(context, failures.length === 0 ? 'PASS' : 'FAIL', complete ?? { checks });
  if (failures.length === 0 && complete !== null) return complete;
  throw preflightFailed(checks, failures);
}

function preflightFacts(
  settings: Settings,
  checks: readonly Check[],
  env: NodeJS.ProcessEnv,
  signer: Signer | null,
  facts: Parameters<typeof composeWorld>[2],
): PreflightFacts {
  return {
    checks,
    settings,
    world: composeWorld(settings, env, facts),
    environment: environmentOf(facts.kubeServer, settings.namespace),
    signer,
  };
}

function preflightFailed(checks: readonly Check[], failures: readonly Check[]): ActorError {
  const list = failures.map(({ name, message, advice }) => `- ${name}: ${message}${advice === null ? '' : ` -> ${advice}`}`);
  return new ActorError(
    'PREFLIGHT_FAILED',
    `${failures.length} of ${checks.length} checks of the pre-conditions failed, see ${EVIDENCE.preflight}:\n${list.join('\n')}`,
    { details: { checks } },
  );
}

async function writeReport(
  context: ActorContext,
  result: 'PASS' | 'FAIL',
  facts: PreflightFacts | { readonly checks: readonly Check[] },
): Promise<void> {
  const report = {
    schema_version: 1,
    run_id: context.runId,
    attempt: context.attempt,
    checked_at: context.now().toISOString(),
    result,
    ...facts,
  };
  const log = await context.openLog(EVIDENCE.preflight);
  await log.write(`${JSON.stringify(report, null, 2)}\n`);
  await log.close();
}

/** Runbook: 6 asks for the WORM variables, 7 for those of staging; the others are in "Required ENV" or ours. */
function preconditionOf(variable: string): string {
  if (variable.startsWith('DPP_WORM_')) return '6.';
  if (variable === 'DPP_STAGING_BASE_URL' || variable === 'DPP_K8S_NAMESPACE') return '7.';
  return 'ENV';
}

function line({ ok, name, message }: Check): string {
  return `[${ok ? 'PASS' : 'FAIL'}] ${name}: ${message}`;
}
