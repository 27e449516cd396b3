import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { completeCheckpoint, SCREENSHOT, type Answers } from '../test/evidence/complete-checkpoint.js';

/** The smallest picture there is: one transparent pixel. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
);

/** Does in the demo what in a real run only a person may do: puts in a screenshot and fills in the checkpoint. */
export async function playVerifier(runDirectory: string, answers: Partial<Answers> = {}): Promise<void> {
  await writeFile(join(runDirectory, '56_db_restore_screenshots', SCREENSHOT), PNG);
  const checkpoint = join(runDirectory, '55_db_rollback_human_checkpoint.txt');
  await writeFile(checkpoint, completeCheckpoint(await readFile(checkpoint, 'utf8'), answers));
}
