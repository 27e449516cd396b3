import { join } from 'node:path';
import { pilotActors } from '../actors/index.js';
import { withScratchDirectory } from '../actors/scratch-directory.js';
import type { RunRequest } from '../config/settings.js';
import type { PreflightFacts } from '../config/step-contracts.js';
import { knownSecrets } from '../evidence/known-secrets.js';
import { openEvidenceDir } from '../evidence/local-evidence-dir.js';
import { createRedactor } from '../evidence/redaction.js';
import { STEPS } from '../machine/steps.js';
import { runIdAt } from './clock-format.js';
import type { Io } from './io.js';

/** The very actor of the preflight step, with an evidence directory that is thrown away. Throws its `ActorError`. */
export async function checkPreconditionsAlone(
  request: RunRequest,
  io: Io,
  progress: (line: string) => void,
): Promise<PreflightFacts> {
  return withScratchDirectory('preflight', async (scratch) => {
    const known = knownSecrets(io.env);
    const evidence = openEvidenceDir(join(scratch, 'run'), { root: scratch, redactor: () => createRedactor({ known }) });
    await evidence.create();
    return await pilotActors.checkPreconditions(
      { request },
      {
        runId: runIdAt(io.now()),
        step: 'preflight',
        attempt: 1,
        signal: AbortSignal.any([io.signal, AbortSignal.timeout(STEPS.preflight.timeoutMs)]),
        evidence,
        env: io.env,
        now: () => io.now(),
        openLog: (name, options) => evidence.openLog(name, options),
        report: () => Promise.reject(new Error('the preflight reports no event')),
        // No record outlives this process; its watchdog ends the children with it.
        childStarted: async () => {},
        childEnded: async () => {},
        progress,
        // eslint-disable-next-line require-yield -- there is no run, hence no history
        history: async function* () {
          throw new Error('the preflight reads no history');
        },
      },
    );
  });
}
