import { createHash } from 'node:crypto';
import { canonicalSha256 } from '../evidence/canonical-json.js';
import type { Settings, World } from '../config/settings.js';
import { allSettled } from './all-settled.js';
import { openSigningKey } from './attestation/signing-key.js';
import { createGit } from './git.js';
import { currentTarget } from './kubectl.js';
import { unrecordedOwner, type ProcessOwner } from './process/run-process.js';
import { hashRcRunner } from './rc-runner.js';
import { callerIdentity } from './sts.js';

/** `gitStatus` of a worktree in which `git status --porcelain` prints nothing. */
export const CLEAN = 'clean';

/** What the world is made of, as the pre-conditions found it or as it is now. */
export type ObservedFacts = Pick<
  World,
  | 'gitHead'
  | 'gitBranch'
  | 'gitStatus'
  | 'rcRunnerSha256'
  | 'kubeContext'
  | 'kubeServer'
  | 'awsAccount'
  | 'awsArn'
  | 'signerKeyId'
>;

/** What differs between two looks at the world; null = there is none. */
export interface WorldDifference {
  readonly fact: keyof World;
  readonly before: string | null;
  readonly after: string | null;
}

/**
 * Looks at the world: git, the RC runner, the kubeconfig's current context, STS, the key of the attestation and the environment.
 * Writes nothing and records no process. Errors: those of git, kubectl and STS, by their codes, RC_RUNNER_MISSING and
 * SIGNING_KEY_UNUSABLE.
 * @param known taken in place of a look at the key, which nobody but its owner can open.
 */
export async function observeWorld(
  settings: Settings,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
  known: Pick<World, 'signerKeyId'> | null = null,
): Promise<World> {
  const owner = unrecordedOwner(signal, env);
  const git = createGit(owner, settings.directory);
  const [gitHead, gitBranch, status, rcRunnerSha256, { kubeContext, kubeServer }, { account, arn }, signerKeyId] =
    await allSettled([
      git.head(),
      git.branch(),
      git.status(),
      hashRcRunner(settings.rcRunner),
      currentTarget(owner),
      callerIdentity(settings, env, signal),
      known === null ? keyId(settings, owner) : Promise.resolve(known.signerKeyId),
    ]);
  return composeWorld(settings, env, {
    gitHead,
    gitBranch,
    gitStatus: status === '' ? CLEAN : `dirty (sha256 ${sha256(status)})`,
    rcRunnerSha256,
    kubeContext,
    kubeServer,
    awsAccount: account,
    awsArn: arn,
    signerKeyId,
  });
}

async function keyId({ signWith }: Settings, owner: ProcessOwner): Promise<string | null> {
  return signWith === null ? null : (await openSigningKey(signWith, owner)).signer.keyId;
}

export function composeWorld(settings: Settings, env: NodeJS.ProcessEnv, facts: ObservedFacts): World {
  return {
    ...facts,
    awsRegion: settings.awsRegion,
    bucket: settings.bucket,
    ...endpointsOf(env),
    settingsSha256: canonicalSha256(settings),
  };
}

/** Where the SDK sends its requests, other than to AWS: known without asking anyone. */
export function endpointsOf(env: NodeJS.ProcessEnv): Pick<World, 'awsEndpointUrl' | 'awsEndpointUrlS3' | 'awsEndpointUrlSts'> {
  return {
    awsEndpointUrl: given(env['AWS_ENDPOINT_URL']),
    awsEndpointUrlS3: given(env['AWS_ENDPOINT_URL_S3']),
    awsEndpointUrlSts: given(env['AWS_ENDPOINT_URL_STS']),
  };
}

/** Every fact that is not the same, in a fixed order; empty when the world is as it was. */
export function worldDifferences(before: World, after: World): WorldDifference[] {
  const facts = [...new Set([...Object.keys(before), ...Object.keys(after)])] as (keyof World)[];
  return facts
    .filter((fact) => (before[fact] ?? null) !== (after[fact] ?? null))
    .sort()
    .map((fact) => ({ fact, before: before[fact] ?? null, after: after[fact] ?? null }));
}

function sha256(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function given(text: string | undefined): string | null {
  return text === undefined || text.trim() === '' ? null : text;
}
