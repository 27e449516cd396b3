import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { EvidenceDir } from '../../evidence/evidence-dir.js';
import { EVIDENCE } from '../../evidence/layout.js';
import { pictureType, pictureTypeIn, type PictureType } from '../../evidence/picture-type.js';
import { NamedFileError, readNamedFile } from '../named-file.js';

/** A screenshot as it lies in 56_db_restore_screenshots/. */
export interface Screenshot {
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
  /** Null: it is no picture that counts. */
  readonly type: PictureType | null;
}

/** A file that is not taken for a screenshot, and why. */
export class ScreenshotError extends Error {}

/** Many times what a whole screen takes. */
const LIMIT = { maxMebibytes: 20 };

/** What lies there, sorted by name. Throws `EvidenceError`. */
export async function screenshotsIn(evidence: EvidenceDir): Promise<Screenshot[]> {
  const found: Screenshot[] = [];
  for (const { name } of await evidence.list()) {
    if (!name.startsWith(FOLDER)) continue;
    const { size, sha256 } = await evidence.digest(name);
    found.push({ name: name.slice(FOLDER.length), size, sha256, type: await pictureTypeIn(evidence, { name, size }) });
  }
  return found;
}

/**
 * Copies a file into the screenshots, under its own name without blanks and commas. `shown`: the path as it was given. One that is there already with the same bytes is
 * taken as it is. Throws `ScreenshotError` for what is empty, too large, no picture, or cannot be read, and `EvidenceError`.
 */
export async function takeScreenshot(evidence: EvidenceDir, path: string, shown: string): Promise<void> {
  const content = contentOf(path, shown);
  if (pictureType(content) === null) {
    throw new ScreenshotError(`${shown} is neither PNG, JPEG, WebP nor PDF, by its first bytes: name the picture itself`);
  }
  const sha256 = createHash('sha256').update(content).digest('hex');
  const name = `${FOLDER}${basename(path).replaceAll(/[^\p{L}\p{N}._-]+/gu, '-')}`;
  if (await evidence.exists(name)) {
    if ((await evidence.digest(name)).sha256 === sha256) return;
    throw new ScreenshotError(`another ${name} is there already: rename yours`);
  }
  await evidence.write(name, content);
}

const FOLDER = `${EVIDENCE.screenshots}/`;

function contentOf(path: string, shown: string): Buffer {
  try {
    const content = readNamedFile(path, LIMIT);
    if (content.length === 0) throw new ScreenshotError(`${shown} is empty`);
    return content;
  } catch (error) {
    if (!(error instanceof NamedFileError)) throw error;
    throw new ScreenshotError(`${shown} cannot be read (${error.message})`, { cause: error });
  }
}
