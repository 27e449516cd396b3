import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { EvidenceDir } from '../evidence/evidence-dir.js';
import type { Io } from './io.js';
import { lastLines } from './last-lines.js';

export interface FollowOptions {
  /** Whether more may come. */
  readonly goesOn: () => Promise<boolean>;
  /** Begin with so many lines; null: with all. */
  readonly tail: number | null;
  readonly write: (text: string) => void;
}

const POLL_MS = 250;

/** Writes what a growing file holds, and what comes, until nothing more may come or the signal is aborted. */
export async function followFile(
  evidence: EvidenceDir,
  file: string,
  { goesOn, tail, write }: FollowOptions,
  io: Io,
): Promise<void> {
  const decoder = new TextDecoder();
  let position = 0;
  if (tail !== null) {
    position = (await evidence.digest(file)).size;
    write(await lastLines(evidence, file, tail));
  }
  const handle = await open(join(evidence.path, file), 'r');
  try {
    for (;;) {
      // Asked before the read: what was written before the end is then read, too.
      const more = (await goesOn()) && !io.signal.aborted;
      for (;;) {
        const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(64 * 1024), 0, 64 * 1024, position);
        if (bytesRead === 0) break;
        position += bytesRead;
        write(decoder.decode(buffer.subarray(0, bytesRead), { stream: true }));
      }
      if (!more) return;
      await io.delay(POLL_MS);
    }
  } finally {
    await handle.close();
  }
}
