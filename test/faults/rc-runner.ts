import type { FaultPilot } from './fault-pilot.js';

const RUNNER = 'dpp/tools/rc_double_then_ci_then_archive.sh';

/** Another RC runner; committed, as the worktree of a cutover is clean. */
export async function commitRunner(pilot: FaultPilot, script: string | Uint8Array): Promise<void> {
  await commitScript(pilot, RUNNER, script);
}

export function mendRunner(pilot: FaultPilot): Promise<void> {
  return commitRunner(pilot, '#!/bin/sh\necho "All RC gates passed."\n');
}

/** The gates pass, and meanwhile something else happens: between the preflight and step 2. */
export function whileGatesRun(pilot: FaultPilot, shell: string): Promise<void> {
  return commitRunner(pilot, `#!/bin/sh\n${shell}\n`);
}

/** For a shell: sends a document to a stand-in's control endpoint. */
export function control(url: string, document: unknown): string {
  const send = `fetch(process.argv[1] + "/__control", { method: "POST", body: process.argv[2] })`;
  return `'${process.execPath}' -e '${send}' '${url}' '${JSON.stringify(document)}'`;
}

export async function commitScript(pilot: FaultPilot, path: string, script: string | Uint8Array): Promise<void> {
  await pilot.writeScript(path, script);
  await pilot.git('add', '--all');
  await pilot.git('commit', '--quiet', '--allow-empty', '--message', `a change of ${path}`);
}
