/**
 * The command line as a process that stays: it makes one command after the other, as messages ask for them. Everything that `main.ts`
 * takes from its process - arguments, environment, directory, output - comes with the message, and the exit code goes back.
 */
import { userInfo } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkPreconditionsAlone } from '../../dist/src/cli/check-preconditions.js';
import { openWorkspace } from '../../dist/src/cli/compose.js';
import { runProgram } from '../../dist/src/cli/program.js';

process.on('message', ({ args, env, cwd }) => {
  void run(args, env, cwd).then((result) => process.send(result));
});
process.on('disconnect', () => process.exit());

async function run(args, env, cwd) {
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' }, env);
  process.chdir(cwd);
  const { signal } = new AbortController();
  let stdout = '';
  let stderr = '';
  const exitCode = await runProgram(args, {
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    env: process.env,
    cwd,
    osUser: () => userInfo().username,
    now: () => new Date(),
    delay: (ms) => sleep(ms),
    signal,
    prompt: null,
    parts: { openWorkspace, checkPreconditions: checkPreconditionsAlone },
  });
  return { exitCode, signal: null, stdout, stderr };
}
