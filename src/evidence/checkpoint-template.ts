import type { Site } from '../config/site.js';
import {
  BLANK,
  CHECKPOINT_HEADINGS,
  CHECKPOINT_TITLE,
  checkpointBoxes,
  type CheckpointBox,
  type CheckpointItem,
} from './checkpoint.js';
import { EVIDENCE } from './layout.js';

export interface CheckpointTemplateFacts {
  readonly runId: string;
  /** As shown to people, e.g. dpp/evidence/phase6_4_cutover/<run>. */
  readonly runDirectory: string;
  /** UTC, whole seconds. */
  readonly createdAt: string;
  readonly site: Pick<Site, 'smokeQueries' | 'verificationGuide'>;
}

/**
 * The form that waits for the human, not yet filled in. Its instructions name no line that could be taken for the status:
 * the bash original looked for the finished status anywhere in the file, found it in its own instructions, and never waited.
 */
export function checkpointTemplate({ runId, runDirectory, createdAt, site }: CheckpointTemplateFacts): string {
  const items = Object.keys(CHECKPOINT_HEADINGS) as CheckpointItem[];
  const boxes = checkpointBoxes(site.smokeQueries);
  return `${CHECKPOINT_TITLE}
${'='.repeat(48)}
Run ID: ${runId}
Evidence dir: ${runDirectory}
Created: ${createdAt}

Status: PENDING

How to complete this file (${site.verificationGuide}):
1. Restore the database into a target that is not production, and run the smoke queries of item D there.
2. Save the screenshots in ${EVIDENCE.screenshots}/ beside this file.
3. Replace each blank by what you saw, on the same line. Notes may follow on lines of their own, indented by two spaces.
4. Put an x into each box, as in [x]; in item B into the one method you used, and leave the others as they are.
5. When all of it is true, replace the word PENDING above by COMPLETED. Change nothing else.
6. Continue with: cutover resume ${runId}; where a policy keeps the roles apart, or wants a key, with: cutover sign-off ${runId}
If the restore did not work, leave the word as it is and run: cutover sign-off ${runId} --reject --reason "..."

${items.map((item) => itemText(item, boxes)).join('\n')}`;
}

function itemText(item: CheckpointItem, boxes: readonly CheckpointBox[]): string {
  const lines = boxes.filter((box) => box.item === item).map((box) => `[ ] ${boxText(box)}\n`);
  return `${item}. ${CHECKPOINT_HEADINGS[item]}\n${lines.join('')}`;
}

function boxText(box: CheckpointBox): string {
  return 'field' in box || box.method === 'other' ? `${box.label}: ${BLANK}` : box.label;
}
