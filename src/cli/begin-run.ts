import { existsSync } from 'node:fs';
import { isAbsolute, join, relative, resolve } from 'node:path';
import type { OptionValues } from 'commander';
import type { Command } from 'commander';
import type { RunRequest } from '../config/settings.js';
import type { RunView } from '../engine/engine.js';
import { stagingIsDirty } from '../machine/context.js';
import { startRefusal } from '../machine/permissions.js';
import type { Identity } from '../evidence/history-record.js';
import { runIdAt } from './clock-format.js';
import { flag, requiredText, text } from './command.js';
import { PermissionRefusedError, RunStateError, UsageError } from './errors.js';
import { runVariables } from './frozen-variables.js';
import { identityOf } from './identity.js';
import { loadPolicy, POLICY_FILE, policyFile } from './load-policy.js';
import type { Io, Workspace } from './io.js';
import { contextOf } from './run-facts.js';
import { supersedeOlder } from './supersede.js';
import { onRun } from './with-run.js';

/** What `start`, `run` and `preflight` are asked to do. */
export interface BeginOptions {
  readonly request: RunRequest;
  readonly who: Identity;
}

/** Source: the runbook, "Evidence Structure". */
export const EVIDENCE_ROOT = 'dpp/evidence/phase6_4_cutover';

export function defineBegin(command: Command): void {
  defineSite(command);
  command
    .option('--policy <file>', `who may do what (default: ${POLICY_FILE}, if it is there)`)
    .option('--again', 'although a run of the same environment and commit is open or completed (with --reason)')
    .option('--reason <text>', 'why it is executed again (on the record)')
    .option('--commits-ok <reason>', 'why the required commits need not be named (on the record)')
    .option('--tsa <url>', 'the RFC 3161 authority that stamps the signature (the same as CUTOVER_TSA_URL)');
}

/** The options that say where a run would take place. */
export function defineSite(command: Command): void {
  command
    .option('--evidence-root <dir>', `where the evidence of runs is kept (default: ${EVIDENCE_ROOT})`)
    .option('--context-ok <name>', 'the kube context without a staging marker that you vouch for');
}

/** The request as it is frozen, and who asks. */
export async function parseBegin(raw: OptionValues, io: Io): Promise<BeginOptions> {
  return { who: await identityOf(text(raw, 'as'), io), request: await parseRequest(raw, io) };
}

/** The request as it is frozen: the runbook's variables as raw strings, the directory as it is. */
export async function parseRequest(raw: OptionValues, io: Io): Promise<RunRequest> {
  const tsa = text(raw, 'tsa');
  const policy = text(raw, 'policy') ?? null;
  return {
    directory: io.cwd,
    evidenceRoot: resolve(io.cwd, text(raw, 'evidenceRoot') ?? EVIDENCE_ROOT),
    variables: { ...runVariables(io.env), ...(tsa === undefined ? {} : { CUTOVER_TSA_URL: tsa }) },
    contextOk: text(raw, 'contextOk') ?? null,
    commitsOk: text(raw, 'commitsOk') ?? null,
    again: againBecause(raw),
    policyFile: policyFile(io.cwd, policy),
    policy: await loadPolicy(io.cwd, policy),
  };
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

/** As people see it: relative to the directory of the run where it is inside. */
function shownPath(directory: string, path: string): string {
  const inside = relative(directory, path);
  return inside.startsWith('..') || isAbsolute(inside) ? path : inside;
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
