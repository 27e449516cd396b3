export interface EnvironmentCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/**
 * The static credentials of the environment, or null. They go before AWS_PROFILE, as with the AWS CLI ("Configuration
 * settings and precedence"); the SDK's own chain would take the profile and ignore them.
 */
export function environmentCredentials(env: NodeJS.ProcessEnv): EnvironmentCredentials | null {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: sessionToken } = env;
  if (!accessKeyId || !secretAccessKey) return null;
  return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
}
