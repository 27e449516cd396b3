import type { DrillFacts, DrillPlan, StagingInput } from '../config/step-contracts.js';
import { EVIDENCE } from '../evidence/layout.js';
import type { ActorContext } from './actor.js';
import { readDeployments, type Look } from './drill/deployments.js';
import { describe, planDrill } from './drill/plan.js';
import { RUNBOOK_LIMITS, rollTo, type RolloutLimits } from './drill/roll-to.js';
import { createKubectl } from './kubectl.js';

/**
 * Runbook step 3, first half: rolls each deployment back to an earlier release and proves that this release runs. Both ends of
 * every rollback are on record (DRILL_PLANNED) before the first undo; given a plan, it goes on from whatever an earlier attempt
 * left. What it has rolled back stays so when it fails: `restoreStaging` follows.
 * Errors: DRILL_NOT_POSSIBLE (nothing was touched), DRILL_THIRD_PARTY, DRILL_GONE, DRILL_NOT_AVAILABLE, DRILL_NOT_OBSERVED, and
 * those of `Kubectl`. Source: design, invariant 5.
 */
export async function drillAppRollback(
  input: StagingInput & { readonly plan: DrillPlan | null },
  context: ActorContext,
  limits: RolloutLimits = RUNBOOK_LIMITS,
): Promise<DrillFacts> {
  const { settings, world } = input;
  const log = await context.openLog(EVIDENCE.rollbackDrill);
  await log.write(`App rollback drill of run ${context.runId}, attempt ${context.attempt}, ${context.now().toISOString()}\n`);
  await log.write(`Kube context ${world.kubeContext}, namespace ${settings.namespace}\n`);
  try {
    const kubectl = createKubectl(context, {
      context: world.kubeContext,
      server: world.kubeServer,
      namespace: settings.namespace,
    });
    let { plan } = input;
    let seen: Look | null = null;
    if (plan === null) {
      seen = await readDeployments(kubectl);
      plan = planDrill(settings.deployments, seen, settings.namespace);
      for (const { name, original, target } of plan.deployments) {
        await log.write(`${name}: planned from ${describe(original)} to ${describe(target)} and back\n`);
      }
      await context.report({ type: 'DRILL_PLANNED', plan });
    } else await log.write('An earlier attempt has made the plan; going on from what runs now\n');

    const deployments: DrillFacts['deployments'][number][] = [];
    for (const { name, original, target } of plan.deployments) {
      context.progress(`rolling back ${name} to ${target.images.join(', ')}`);
      const move = { deployment: name, from: original, to: target, phase: 'DRILL' } as const;
      const rolled = await rollTo(move, { kubectl, log, signal: context.signal, limits }, seen);
      deployments.push(rolled.facts);
      seen = rolled.seen;
    }
    await log.write('DRILL RESULT: PASS, every deployment runs the earlier release\n');
    return { deployments };
  } catch (error) {
    if (!context.signal.aborted) await log.write(`DRILL RESULT: FAIL, ${(error as Error).message}\n`);
    throw error;
  } finally {
    await log.close();
  }
}
