import { createHash } from 'node:crypto';
import type { WrittenFile } from './evidence-dir.js';

/** SHA-256 and size of what a stream gives, in constant memory. */
export async function digestOf(chunks: AsyncIterable<Buffer>): Promise<WrittenFile> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of chunks) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { sha256: hash.digest('hex'), size };
}
