import { hostname } from 'node:os';
import { PROGRAM_VERSION } from '../config/program-version.js';
import type { ScopeInput } from '../config/step-contracts.js';
import { EVIDENCE } from '../evidence/layout.js';
import { scopeText } from '../evidence/scope.js';
import { ActorError, type ActorContext } from './actor.js';
import { createGit } from './git.js';

/**
 * Runbook step 0: writes 00_scope.txt: what ran, where, on what, by whom. Facts by name, never an environment dump.
 * Errors: GIT_HEAD_MOVED when HEAD is not what the pre-conditions were checked on; those of git.
 */
export async function captureScope(input: ScopeInput, context: ActorContext): Promise<{ readonly file: string }> {
  const { settings, site, world, operator, chainId } = input;
  const git = createGit(context, settings.directory);
  const head = await git.head();
  if (head !== world.gitHead) {
    throw new ActorError(
      'GIT_HEAD_MOVED',
      `HEAD of ${settings.directory} is ${head}, the pre-conditions were checked on ${world.gitHead}. ` +
        'Check that commit out again, or start a new run.',
    );
  }
  const text = scopeText({
    title: site.title,
    service: site.service,
    changeTicket: settings.changeTicket,
    timestamp: `${context.now().toISOString().slice(0, 19)}Z`,
    hostname: hostname(),
    gitHead: head,
    gitBranch: world.gitBranch,
    gitStatus: await git.status(),
    runner: `cutover ${PROGRAM_VERSION}`,
    rcRunner: settings.rcRunner,
    stagingUrl: settings.stagingBaseUrl,
    kubeContext: world.kubeContext,
    kubeServer: world.kubeServer,
    namespace: settings.namespace,
    operator,
    awsAccount: world.awsAccount,
    awsRegion: world.awsRegion,
    chainId,
  });
  const log = await context.openLog(EVIDENCE.scope);
  await log.write(text);
  await log.close();
  return { file: EVIDENCE.scope };
}
