import type { DrillFacts, DrillPlan, StagingInput } from '../config/step-contracts.js';
import type { EvidenceLog } from '../evidence/evidence-dir.js';
import { EVIDENCE } from '../evidence/layout.js';
import { ActorError, type ActorContext } from './actor.js';
import type { Look } from './drill/deployments.js';
import { RUNBOOK_LIMITS, rollTo, type RolloutLimits, type Rollouts } from './drill/roll-to.js';
import { createKubectl } from './kubectl.js';
import { runRepositoryScript } from './staging/repository-script.js';

/**
 * Runbook step 3, second half: brings every deployment of the plan back to what ran before the drill, and proves it, whatever
 * state it is in. A deployment that cannot be restored does not keep the others from it. Then the repository's own drill script,
 * where one is configured, and the proof once more.
 * Errors, with `details.leftBehind` (names): RESTORE_THIRD_PARTY when somebody else's release runs on at least one deployment,
 * else RESTORE_FAILED; DRILL_SCRIPT_FAILED when all deployments are restored, but the script failed or had left one elsewhere.
 */
export async function restoreStaging(
  input: StagingInput & { readonly plan: DrillPlan },
  context: ActorContext,
  limits: RolloutLimits = RUNBOOK_LIMITS,
): Promise<DrillFacts> {
  const { settings, world, plan } = input;
  const log = await context.openLog(EVIDENCE.rollbackDrill, { append: true });
  await log.write(`\nRestoring staging in run ${context.runId}, attempt ${context.attempt}, ${context.now().toISOString()}\n`);
  try {
    const kubectl = createKubectl(context, {
      context: world.kubeContext,
      server: world.kubeServer,
      namespace: settings.namespace,
    });
    const rollouts: Rollouts = { kubectl, log, signal: context.signal, limits };
    const facts = await restoreAll(plan, context, rollouts);
    const script = settings.rollbackDrillScript;
    if (script !== null) await drillByScript(script, input, context, rollouts);
    await log.write('RESTORE RESULT: PASS, every deployment runs what it ran before the drill\n');
    return facts;
  } catch (error) {
    if (!context.signal.aborted) await log.write(`RESTORE RESULT: FAIL, ${(error as Error).message}\n`);
    throw error;
  } finally {
    await log.close();
  }
}

async function restoreAll(plan: DrillPlan, context: ActorContext, rollouts: Rollouts): Promise<DrillFacts> {
  const deployments: DrillFacts['deployments'][number][] = [];
  const failures: { readonly name: string; readonly error: ActorError }[] = [];
  let seen: Look | null = null;
  for (const { name, original, target } of plan.deployments) {
    context.progress(`restoring ${name} to ${original.images.join(', ')}`);
    try {
      const rolled = await rollTo({ deployment: name, from: target, to: original, phase: 'RESTORE' }, rollouts, seen);
      deployments.push(rolled.facts);
      seen = rolled.seen;
    } catch (error) {
      seen = null;
      context.signal.throwIfAborted();
      if (!(error instanceof ActorError)) throw error;
      failures.push({ name, error });
      await noteFailure(rollouts.log, name, error);
    }
  }
  if (failures.length === 0) return { deployments };
  const leftBehind = failures.map(({ name }) => name);
  const isThirdParty = failures.some(({ error }) => error.code === 'RESTORE_THIRD_PARTY');
  throw new ActorError(
    isThirdParty ? 'RESTORE_THIRD_PARTY' : 'RESTORE_FAILED',
    `Staging is not proven to be restored: ${leftBehind.join(', ')} left behind, ${deployments.length} of ${plan.deployments.length} ` +
      `deployments restored.\n${failures.map(({ name, error }) => `- ${name}: ${error.message}`).join('\n')}`,
    {
      details: { leftBehind, failures: failures.map(({ name, error }) => ({ name, code: error.code, message: error.message })) },
    },
  );
}

async function noteFailure(log: EvidenceLog, name: string, error: ActorError): Promise<void> {
  await log.write(`${name}: NOT RESTORED (${error.code}), ${error.message}\n`);
}

/** After our own restoring, since it may move deployments by itself; what it leaves elsewhere is restored again, and is its failure. */
async function drillByScript(
  script: string,
  input: StagingInput & { readonly plan: DrillPlan },
  context: ActorContext,
  rollouts: Rollouts,
): Promise<void> {
  const { log } = rollouts;
  await log.write(`Output of ${script}:\n`);
  const check = await runRepositoryScript(context, input, script, log);
  await log.write(`[${check.ok ? 'PASS' : 'FAIL'}] ${check.name}: ${check.message}\nAfter the script:\n`);
  const { deployments } = await restoreAll(input.plan, context, rollouts);
  const moved = deployments.filter(({ undone }) => undone).map(({ name }) => name);
  if (check.ok && moved.length === 0) return;
  const what = check.ok ? `left ${moved.join(', ')} rolled back` : check.message;
  throw new ActorError(
    'DRILL_SCRIPT_FAILED',
    `The rollback drill script ${script} ${what}; all deployments are restored. Read its output in ${log.file}, mend the script or ` +
      'unset CUTOVER_ROLLBACK_DRILL_SCRIPT, and start a new run.',
    { details: { check, leftBehind: [], movedByScript: moved } },
  );
}
