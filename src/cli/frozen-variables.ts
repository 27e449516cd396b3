import { RUN_VARIABLES, type RunRequest, type RunVariable } from '../config/settings.js';
import type { Difference } from './errors.js';

/** The endpoints of the SDK: read by it from the environment, so they are compared as they are, and are a part of `World`. */
const ENDPOINTS: readonly RunVariable[] = ['AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL_STS'];

/** The runbook's variables exactly as they are set; an empty one is set. */
export function runVariables(env: NodeJS.ProcessEnv): RunRequest['variables'] {
  return Object.fromEntries(RUN_VARIABLES.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}

/**
 * Variables that are set now to something else than at start. One that is not set now counts as frozen, so that a run can go on
 * in a fresh shell. With `endpoints`, the SDK's endpoints are compared too, strictly: only where no `World` says what they were.
 */
export function variableDifferences(frozen: RunRequest['variables'], env: NodeJS.ProcessEnv, endpoints: boolean): Difference[] {
  return RUN_VARIABLES.flatMap((name) => {
    const strict = ENDPOINTS.includes(name);
    const now = env[name];
    if (strict ? !endpoints : now === undefined) return [];
    if (now === frozen[name]) return [];
    return [{ what: name, frozen: shown(frozen[name]), now: shown(now) }];
  });
}

function shown(value: string | undefined): string {
  if (value === undefined) return '(not set)';
  return value === '' ? '(empty)' : value;
}

/** Gives children and SDKs the frozen values, whatever this shell has. The endpoints stay: they are the world's, and checked as such. */
export function applyFrozen(frozen: RunRequest['variables'], env: NodeJS.ProcessEnv): void {
  for (const name of RUN_VARIABLES) {
    if (ENDPOINTS.includes(name)) continue;
    const value = frozen[name];
    if (value === undefined) delete env[name];
    else env[name] = value;
  }
}
