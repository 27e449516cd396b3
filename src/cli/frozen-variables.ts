import { RUN_VARIABLES, type RunRequest, type RunVariable } from '../config/settings.js';

/** The endpoints of the SDK: read by it from the environment, so they are compared as they are, and are a part of `World`. */
export const ENDPOINTS: readonly RunVariable[] = ['AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL_STS'];

/** Gives children and SDKs the frozen values, whatever this shell has. The endpoints stay: they are the world's, and checked as such. */
export function applyFrozen(frozen: RunRequest['variables'], env: NodeJS.ProcessEnv): void {
  for (const name of RUN_VARIABLES) {
    if (ENDPOINTS.includes(name)) continue;
    const value = frozen[name];
    if (value === undefined) delete env[name];
    else env[name] = value;
  }
}
