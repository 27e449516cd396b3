import type { HeldOutcome, Scanned } from '../config/step-contracts.js';
import { digestOf } from '../evidence/digest-of.js';
import type { EvidenceLog } from '../evidence/evidence-dir.js';
import { ActorError, type Actor, type ActorContext } from './actor.js';
import { refuseSecrets, scanFiles, secretsFound } from './refuse-secrets.js';

const AGAIN =
  'The step itself was done, and the run does not go on. Revoke each secret and see to it that the step does not print it; then the step ' +
  'is run again: cutover replay <run> --reason "...", or a new run.';
const STILL_THERE =
  'The files are as the step left them, and not all that was found in them was accepted. Have the step run again: ' +
  'cutover replay <run> --reason "...", or a new run.';

/**
 * Makes of an actor one that scans, when it is done, each log that it wrote, so that a run stops at the step that leaked: SECRET_FOUND.
 * What the step had come to is then held back in `details`. Given it again, the step is not: only its files are scanned, which must
 * begin with what it left in them. A step that failed stays failed as it did; what was found besides is said with it.
 */
export function scanned<Input, Output>(actor: Actor<Input, Output>): Actor<Input, Output> {
  return async (input, context) => {
    const { accepted = [], held = null } = (input as Scanned).scan ?? {};
    if (held !== null) {
      await requireUnchanged(held, context);
      refuseSecrets((await scanFiles(context, Object.keys(held.files), accepted)).refused, { todo: STILL_THERE, held });
      return held.output as Output;
    }
    const logs: EvidenceLog[] = [];
    const refusedNow = async () => (await scanFiles(context, namesOf(logs), accepted)).refused;
    let output: Output;
    try {
      output = await actor(input, recording(context, logs));
      await closeAll(logs);
    } catch (error) {
      if (!(error instanceof ActorError) || context.signal.aborted) throw error;
      await closeAll(logs);
      const refused = await refusedNow();
      if (refused.length === 0) throw error;
      throw new ActorError(error.code, `${error.message} Besides: ${secretsFound(refused)} Revoke each.`, error.options);
    }
    refuseSecrets(await refusedNow(), { todo: AGAIN, held: { output, files: await closeAll(logs) } });
    return output;
  };
}

function recording(context: ActorContext, logs: EvidenceLog[]): ActorContext {
  return {
    ...context,
    openLog: async (name, options) => {
      const log = await context.openLog(name, options);
      logs.push(log);
      return log;
    },
  };
}

function namesOf(logs: readonly EvidenceLog[]): string[] {
  return [...new Set(logs.map(({ file }) => file))];
}

/** The digest of each log; one that the actor closed gives it again. */
async function closeAll(logs: readonly EvidenceLog[]): Promise<HeldOutcome['files']> {
  return Object.fromEntries(await Promise.all(logs.map(async (log) => [log.file, await log.close()] as const)));
}

/** A later step may have gone on in the file: what it added is scanned with the rest. */
async function requireUnchanged({ files }: HeldOutcome, { evidence }: ActorContext): Promise<void> {
  for (const [file, { sha256, size }] of Object.entries(files)) {
    const begin = await digestOf(evidence.stream(file, { start: 0, end: size }));
    if (begin.sha256 === sha256) continue;
    throw new ActorError(
      'EVIDENCE_CHANGED',
      `${file} does not begin with what the step left in it: what is left out by hand does not make the step one without a secret. ` +
        'Have the step run again: cutover replay <run> --reason "..."',
      { details: { file } },
    );
  }
}
