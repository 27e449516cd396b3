import { createHash } from 'node:crypto';
import type { StepContracts } from '../config/step-contracts.js';
import { checkpointTemplate } from '../evidence/checkpoint-template.js';
import type { EvidenceDir } from '../evidence/evidence-dir.js';
import { attemptLogName, EVIDENCE } from '../evidence/layout.js';
import type { ActorContext } from './actor.js';

type Contract = StepContracts['prepareCheckpoint'];

/**
 * Writes the checkpoint template for the human step, and the folder for the screenshots. What a person has written is never
 * lost: a checkpoint that is not the untouched template is kept under the next free attempt name.
 */
export async function prepareCheckpoint(input: Contract['input'], context: ActorContext): Promise<Contract['output']> {
  const { evidence, runId } = context;
  const template = checkpointTemplate({ runId, ...input });
  await evidence.makeDirectory(EVIDENCE.screenshots);
  const facts = { file: EVIDENCE.checkpoint, directory: EVIDENCE.screenshots };
  if (await evidence.exists(EVIDENCE.checkpoint)) {
    const { sha256 } = await evidence.digest(EVIDENCE.checkpoint);
    if (sha256 === createHash('sha256').update(template).digest('hex')) return facts;
    const kept = await freeName(evidence);
    await evidence.rename(EVIDENCE.checkpoint, kept);
    context.progress(`The earlier checkpoint is kept as ${kept}`);
  }
  await evidence.write(EVIDENCE.checkpoint, template);
  return facts;
}

async function freeName(evidence: EvidenceDir): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    const name = attemptLogName(EVIDENCE.checkpoint, attempt);
    if (!(await evidence.exists(name))) return name;
  }
}
