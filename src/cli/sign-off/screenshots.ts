import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import type { EvidenceDir } from '../../evidence/evidence-dir.js';
import { EVIDENCE } from '../../evidence/layout.js';
import { pictureType, pictureTypeIn, type PictureType } from '../../evidence/picture-type.js';

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

const MEBIBYTE = 1024 * 1024;
/** Many times what a whole screen takes. */
const MAX_MEBIBYTES = 20;

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
  const content = await contentOf(path, shown);
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

async function contentOf(path: string, shown: string): Promise<Buffer> {
  let file: FileHandle | null = null;
  try {
    // O_NONBLOCK: a FIFO must not hang us; it is refused as no file.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const found = await file.stat();
    if (!found.isFile()) throw new ScreenshotError(`${shown} is no file`);
    if (found.size === 0) throw new ScreenshotError(`${shown} is empty`);
    if (found.size > MAX_MEBIBYTES * MEBIBYTE) {
      throw new ScreenshotError(
        `${shown} has ${Math.ceil(found.size / MEBIBYTE)} MiB, more than ${MAX_MEBIBYTES}: make it smaller`,
      );
    }
    return await file.readFile();
  } catch (error) {
    if (error instanceof ScreenshotError) throw error;
    throw new ScreenshotError(`${shown} cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`, {
      cause: error,
    });
  } finally {
    await file?.close();
  }
}
