import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { OptionValues } from 'commander';
import type { Command } from 'commander';
import { configuredChannels, judgeReceiver } from '../config/channels.js';
import { effectiveSettings, evidenceRootOf } from '../config/effective-settings.js';
import { POLICY_FILE } from '../config/policy.js';
import type { RunRequest } from '../config/settings.js';
import { PILOT_SITE } from '../config/site.js';
import type { RunView } from '../engine/engine.js';
import { stagingIsDirty } from '../machine/context.js';
import { startRefusal } from '../machine/permissions.js';
import type { Identity } from '../evidence/history-record.js';
import { runIdAt } from './clock-format.js';
import { flag, requiredText, text } from './command.js';
import { PermissionRefusedError, RunStateError, UsageError } from './errors.js';
import { applyFrozen } from './frozen-variables.js';
import { identityOf } from './identity.js';
import { loadPolicy, policyPath } from './load-policy.js';
import { CONFIG_FILE, loadSite } from './load-site.js';
import type { Io, Workspace } from './io.js';
import { contextOf } from './run-facts.js';
import { shownPath } from './shown-path.js';
import { supersedeOlder } from './supersede.js';
import { onRun } from './with-run.js';

/** What `start`, `run` and `preflight` are asked to do. */
export interface BeginOptions {
  readonly request: RunRequest;
  readonly who: Identity;
}

export function defineBegin(command: Command): void {
  defineSite(command);
  command
    .option('--policy <file>', `who may do what (default: ${POLICY_FILE}, if it is there)`)
    .option('--again', 'although a run of the same environment and commit is open or completed (with --reason)')
    .option('--reason <text>', 'why it is executed again (on the record)')
    .option('--commits-ok <reason>', 'why the required commits need not be named (on the record)')
    .option('--tsa <url>', 'the RFC 3161 authority that stamps the signature (the same as CUTOVER_TSA_URL)')
    .option('--ticket <ticket>', 'the change ticket of this cutover (the same as CUTOVER_CHANGE_TICKET)');
}

/** The options that say where a run would take place. */
export function defineSite(command: Command): void {
  command
    .option('--config <file>', `the site's configuration (default: $CUTOVER_CONFIG, or ${CONFIG_FILE}, if it is there)`)
    .option('--evidence-root <dir>', `where the evidence of runs is kept (default: ${evidenceRootOf(PILOT_SITE)})`)
    .option('--context-ok <name>', 'the kube context without a staging marker that you vouch for');
}

/** The request as it is frozen, and who asks. Throws `UsageError`. */
export async function parseBegin(raw: OptionValues, io: Io): Promise<BeginOptions> {
  refuseWrongReceivers(io.env);
  return { who: await identityOf(text(raw, 'as'), io), request: await parseRequest(raw, io) };
}

/** The request as it is frozen: what file, environment and options say, and the directory as it is. */
export async function parseRequest(raw: OptionValues, io: Io): Promise<RunRequest> {
  const directory = io.cwd;
  const policy = text(raw, 'policy') ?? null;
  const file = await loadSite({ directory, env: io.env, named: text(raw, 'config') ?? null });
  const flags = { evidenceRoot: text(raw, 'evidenceRoot'), tsa: text(raw, 'tsa'), ticket: text(raw, 'ticket') };
  return {
    directory,
    ...effectiveSettings({ directory, file, env: io.env, flags }),
    contextOk: text(raw, 'contextOk') ?? null,
    commitsOk: text(raw, 'commitsOk') ?? null,
    again: againBecause(raw),
    policyFile: policyPath(directory, policy),
    policy: await loadPolicy(directory, policy),
    channels: configuredChannels(io.env),
  };
}

/** Nobody would be told anything, and nobody would see that before the first message. */
function refuseWrongReceivers(env: NodeJS.ProcessEnv): void {
  for (const channel of configuredChannels(env)) {
    const judged = judgeReceiver(channel, env);
    if ('fault' in judged) throw new UsageError(`${judged.fault}. Nothing was started. ${judged.advice}`);
  }
}

/** Throws `UsageError` for one without the other. */
function againBecause(raw: OptionValues): string | null {
  if (flag(raw, 'again')) return requiredText(raw, 'reason', 'a second run of one deployment cycle is on the record: say why.');
  if (text(raw, 'reason') !== undefined) throw new UsageError('--reason belongs to --again.');
  return null;
}

/**
 * Creates a run and drives it until it rests. Refused while staging may still be rolled back by an older failed run of this
 * directory; once the new run is past its preflight, older failed ones are superseded.
 */
export async function beginRun(workspace: Workspace, { request, who }: BeginOptions, io: Io): Promise<RunView> {
  await refuseDirtyStaging(workspace, request.directory);
  const refusal = startRefusal(request.policy, who);
  if (refusal !== null) throw new PermissionRefusedError(refusal, null);
  // What the file or an option says, children and SDKs have to know as well.
  applyFrozen(request.variables, io.env);
  for (;;) {
    const runId = runIdAt(io.now());
    const evidenceDir = join(request.evidenceRoot, runId);
    const event = { type: 'STARTED', request, evidenceDir: shownPath(request.directory, evidenceDir) };
    try {
      if (!existsSync(evidenceDir)) {
        return await onRun(workspace, runId, async () => {
          try {
            return await workspace.engine.start({ runId, evidenceDir, directory: request.directory, who, event });
          } finally {
            await supersedeOlder(workspace, runId, who, io);
          }
        });
      }
    } catch (error) {
      if (!isRunExists(error)) throw error;
    }
    // The id is of this second, and taken: the next second has one.
    io.signal.throwIfAborted();
    await io.delay(1000 - (io.now().getTime() % 1000));
  }
}

function isRunExists(error: unknown): boolean {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return (cause as { code?: unknown }).code === 'RUN_EXISTS';
}

async function refuseDirtyStaging({ engine }: Workspace, directory: string): Promise<void> {
  for (const view of await engine.list({ status: ['failed'] })) {
    const { runId, directory: itsDirectory } = view.run;
    if (itsDirectory !== directory || !stagingIsDirty(contextOf(view))) continue;
    throw new RunStateError(
      'STAGING_DIRTY',
      `Run ${runId} failed in its rollback drill: deployments on staging may still be rolled back. No new run was started. ` +
        `Roll forward: cutover replay ${runId} --from restoringStaging --reason "..." — or leave them so on the record: ` +
        `cutover abandon ${runId} --acknowledge-left-behind --reason "..."`,
      runId,
    );
  }
}
