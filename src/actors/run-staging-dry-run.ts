import type { Check, StagingFacts, StagingInput } from '../config/step-contracts.js';
import type { EvidenceLog } from '../evidence/evidence-dir.js';
import { EVIDENCE } from '../evidence/layout.js';
import { ActorError, type ActorContext } from './actor.js';
import { createKubectl } from './kubectl.js';
import { checkConfigMaps } from './staging/config-maps.js';
import { checkHealth } from './staging/health.js';
import { runRepositoryScript } from './staging/repository-script.js';
import { checkSecretProviderClasses } from './staging/secret-provider-classes.js';

/**
 * Runbook step 2: staging is healthy, and P4.3: nothing in its namespace refers to production. Every check is done even when
 * another one fails, and what cannot be checked has failed. Error: STAGING_CHECK_FAILED with `details.checks`.
 */
export async function runStagingDryRun(input: StagingInput, context: ActorContext): Promise<StagingFacts> {
  const { settings, world } = input;
  const log = await context.openLog(EVIDENCE.stagingDryRun);
  await log.write(`Staging dry-run of run ${context.runId}, attempt ${context.attempt}, ${context.now().toISOString()}\n`);
  await log.write(`Service ${settings.stagingBaseUrl}, kube context ${world.kubeContext}, namespace ${settings.namespace}\n`);

  const kubectl = createKubectl(context, { context: world.kubeContext, server: world.kubeServer, namespace: settings.namespace });
  const counts = { configMaps: 0, secretProviderClasses: 0 };
  const checks: Check[] = [];
  const conclude = async (check: Check) => {
    checks.push(check);
    context.progress(line(check));
    await log.write(`${line(check)}\n`);
  };

  for (const path of ['/healthz', '/readyz'])
    await conclude(await checkHealth(`${settings.stagingBaseUrl}${path}`, context.signal));
  await conclude(
    await unlessItFails('P4.3 ConfigMaps', context.signal, async () => {
      const { check, count } = await checkConfigMaps(kubectl, settings);
      counts.configMaps = count;
      return check;
    }),
  );
  await conclude(
    await unlessItFails('P4.3 SecretProviderClasses', context.signal, async () => {
      const { check, count } = await checkSecretProviderClasses(kubectl, settings.namespace);
      counts.secretProviderClasses = count;
      return check;
    }),
  );
  const script = settings.stagingDryRunScript;
  if (script !== null) {
    await log.write(`Output of ${script}:\n`);
    await conclude(await runRepositoryScript(context, input, script, log));
  }
  return result(checks, counts, log);
}

async function result(checks: readonly Check[], counts: Omit<StagingFacts, 'checks'>, log: EvidenceLog): Promise<StagingFacts> {
  const failed = checks.filter(({ ok }) => !ok);
  await log.write(
    `RESULT: ${failed.length === 0 ? 'PASS' : 'FAIL'} (${checks.length - failed.length} of ${checks.length} checks passed)\n`,
  );
  await log.close();
  if (failed.length === 0) return { checks, ...counts };
  const findings = failed.map(({ name, message, advice }) => `- ${name}: ${message}${advice === null ? '' : ` -> ${advice}`}`);
  throw new ActorError(
    'STAGING_CHECK_FAILED',
    `${failed.length} of ${checks.length} staging checks failed, see ${log.file}:\n${findings.join('\n')}`,
    { details: { checks } },
  );
}

/** A cluster that does not answer is a failed check, not the end of the others. */
async function unlessItFails(name: string, signal: AbortSignal, check: () => Promise<Check>): Promise<Check> {
  try {
    return await check();
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof ActorError)) throw error;
    return { name, ok: false, message: error.message, advice: 'Mend the access to the cluster, then run the step again.' };
  }
}

function line({ ok, name, message }: Check): string {
  return `[${ok ? 'PASS' : 'FAIL'}] ${name}: ${message.replaceAll(/\s*\n\s*/g, ' | ')}`;
}
