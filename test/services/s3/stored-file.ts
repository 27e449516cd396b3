import { randomUUID } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoredPiece } from './bucket.js';
import type { ReceivedBody } from './request-body.js';

/** Has `fill` write a body into a new file of the directory; there is none when that fails. */
export async function storeBody(
  dataDir: string,
  fill: (write: (piece: Buffer) => Promise<void>) => Promise<ReceivedBody>,
): Promise<{ readonly received: ReceivedBody; readonly piece: StoredPiece }> {
  const path = join(dataDir, randomUUID());
  const file = await open(path, 'wx');
  try {
    const received = await fill(async (bytes) => void (await file.writeFile(bytes)));
    await file.close();
    return { received, piece: { file: path, size: received.size } };
  } catch (error) {
    await file.close();
    await rm(path, { force: true });
    throw error;
  }
}

/** Removes the bytes of what is stored no more. */
export async function removePieces(removed: { readonly pieces: readonly StoredPiece[] } | undefined): Promise<void> {
  for (const { file } of removed?.pieces ?? []) await rm(file, { force: true });
}
