import { containerOf } from '../../evidence/container.js';
import { gunzipped, NotOpenedError } from '../../evidence/opened.js';

/** gzip in gzip in gzip...: deeper than this nobody packs by accident. */
const MAX_DEPTH = 4;
/** Bytes. A ConfigMap has 1 MiB at most; what unpacks to more than this is not looked through. */
const MAX_UNPACKED = 8 * 1024 ** 2;

/**
 * The text of a ConfigMap's value: UTF-8, UTF-16, and gzip of these. Null for what is no text, or not for sure: then nothing is known
 * of what it says.
 */
export async function textOfValue(bytes: Buffer, depth = 0): Promise<string | null> {
  if (containerOf(bytes)?.form === 'gzip') {
    const unpacked = depth < MAX_DEPTH ? await unpack(bytes) : null;
    return unpacked === null ? null : textOfValue(unpacked, depth + 1);
  }
  const marked = UTF16.find(({ mark }) => bytes.subarray(0, 2).equals(mark));
  if (marked !== undefined) return decoded(marked.encoding, bytes);
  const text = decoded('utf-8', bytes);
  if (text !== null) return text;
  // Without a mark, the other byte order reads as Chinese: only what is plain in one of them is taken for a text.
  return UTF16.map(({ encoding }) => decoded(encoding, bytes)).find((read) => read !== null && PLAIN.test(read)) ?? null;
}

const UTF16 = [
  { mark: Buffer.from([0xff, 0xfe]), encoding: 'utf-16le' },
  { mark: Buffer.from([0xfe, 0xff]), encoding: 'utf-16be' },
];
/** Latin-1: every other byte is zero. */
const PLAIN = /^[\t\n\r\x20-\x7e\xa0-\xff]*$/;

/** Null where it is not valid, or holds a NUL: no text does. */
function decoded(encoding: string, bytes: Buffer): string | null {
  try {
    const text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
    return text.includes('\0') ? null : text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return null;
    throw error;
  }
}

/** Null for what is no gzip to its end, and for too much of it. */
async function unpack(bytes: Buffer): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of gunzipped(once(bytes))) {
      size += chunk.length;
      if (size > MAX_UNPACKED) return null;
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof NotOpenedError) return null;
    throw error;
  }
  return Buffer.concat(chunks);
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
