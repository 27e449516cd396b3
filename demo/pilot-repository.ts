import { execFile } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The commits that the pilot's pre-condition 2 asks for, by subject. */
export const PHASE_COMMITS = ['Phase 6.1: data isolation', 'Phase 6.2: rollback scripts', 'Phase 6.3: release gates'];

const RC_RUNNER = `#!/bin/sh
# Stands for the platform's release-candidate gates.
set -eu
for gate in RC-1 RC-2 RC-3 RC-4 RC-5; do
  echo "[$gate] running"
  sleep 0.1
  echo "[$gate] PASS"
done
echo "All RC gates passed."
`;

/** A git repository as the runbook expects one: the branch, the commits of phases 6.1 to 6.3, an RC runner, a clean worktree. */
export async function createPilotRepository(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  await git(directory, 'init', '--quiet', '--initial-branch=phase6-preflight');
  await git(directory, 'config', 'user.name', 'Pilot Placeholder');
  await git(directory, 'config', 'user.email', 'pilot@example.com');
  const runner = join(directory, 'dpp/tools/rc_double_then_ci_then_archive.sh');
  await mkdir(dirname(runner), { recursive: true });
  await writeFile(runner, RC_RUNNER);
  await chmod(runner, 0o755);
  for (const subject of PHASE_COMMITS) {
    await writeFile(join(directory, 'CHANGES'), `${subject}\n`, { flag: 'a' });
    await git(directory, 'add', '--all');
    await git(directory, 'commit', '--quiet', '--message', subject);
  }
}

async function git(directory: string, ...args: string[]): Promise<void> {
  await run('git', args, { cwd: directory });
}
