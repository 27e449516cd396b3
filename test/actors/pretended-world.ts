import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { startS3, type RunningS3 } from '../services/s3/server.js';
import { pretendCommand, pretendKubectl } from './pretended-command.js';

export const BUCKET = 'dpp-audit-worm-staging';
export const HEAD = '0123456789abcdef0123456789abcdef01234567';
export const SERVER = 'https://k8s.staging.example.com';
export const RUNNER = 'dpp/tools/rc_double_then_ci_then_archive.sh';
export const RUNNER_SHA256 = 'a8076d3d28d21e02012b20eaf7dbf75409a6277134439025f282e368e3305abf';

/** S3 and STS of the pretended world. Stop it at the end. */
export function startAws(folder: string): Promise<RunningS3> {
  return startS3({ bucket: BUCKET, dataDir: join(folder, 'data'), region: 'ap-northeast-2', account: '000000000000' });
}

/**
 * A world in which all is as it should be, with git and kubectl by shell scripts: their cases in `git` and `kubectl` (as
 * `'status '*) echo x ;;`) are looked at first. Returns the environment.
 */
export function pretendWorld(
  folder: string,
  { url, credentials }: RunningS3,
  {
    git = '',
    kubectl = '',
    server = SERVER,
  }: { readonly git?: string; readonly kubectl?: string; readonly server?: string } = {},
): NodeJS.ProcessEnv {
  const runner = join(folder, RUNNER);
  mkdirSync(dirname(runner), { recursive: true });
  writeFileSync(runner, '#!/bin/sh\n', { mode: 0o755 });
  pretendCommand(
    folder,
    'git',
    `shift 2
case "$* " in
${git}
'symbolic-ref '*) echo main ;;
'rev-parse --show-'*) printf '/repository\\n\\n' ;;
'rev-parse '*) echo ${HEAD} ;;
'--no-replace-objects ls-tree '*) printf '100644 blob ${HEAD}\\tREADME.md\\0' ;;
'status '*) echo '## main' ;;
'merge-base '*) true ;;
*) exit 9 ;;
esac`,
  );
  const config = {
    'current-context': 'dpp-staging',
    contexts: [{ name: 'dpp-staging', context: { cluster: 'c' } }],
    clusters: [{ name: 'c', cluster: { server } }],
  };
  const { env } = pretendKubectl(
    folder,
    `case "$* " in
${kubectl}
'version '*) echo '{"clientVersion":{"gitVersion":"v1.32.0"}}' ;;
'config '*) echo '${JSON.stringify(config)}' ;;
'auth '*) echo yes ;;
'get '*) echo x/y ;;
*) exit 9 ;;
esac`,
  );
  return {
    ...env,
    AWS_ENDPOINT_URL: url,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  };
}
