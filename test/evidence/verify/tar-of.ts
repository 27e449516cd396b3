import { gzipSync } from 'node:zlib';
import tar, { type Header } from 'tar-stream';
import { ArchiveReader, type ArchiveContent, type ContentReader } from '../../../src/evidence/verify/archive-reader.js';

export interface TarEntry extends Partial<Omit<Header, 'name' | 'size'>> {
  readonly name: string;
  readonly content?: string | Buffer;
}

/** A tar of these entries, in their order and whatever they are. */
export async function tarOf(entries: readonly TarEntry[]): Promise<Buffer> {
  const pack = tar.pack();
  for (const { content, ...header } of entries) pack.entry({ mtime: new Date(0), ...header }, content ?? '');
  pack.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of pack as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Makes the checksum of a tar's first header right again. */
export function withChecksum(bytes: Buffer): Buffer {
  const sum = bytes.subarray(0, 512).reduce((all, byte, at) => all + (at >= 148 && at < 156 ? 32 : byte), 0);
  bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return bytes;
}

export async function archiveOf(entries: readonly TarEntry[]): Promise<Buffer> {
  return gzipSync(await tarOf(entries));
}

/** Reads bytes as an archive, in pieces of that size. */
export async function readBytes(
  bytes: Uint8Array,
  readerOf: (name: string) => ContentReader | null = () => null,
  piece = 65_536,
): Promise<ArchiveContent> {
  const reader = await ArchiveReader.create(readerOf);
  for (let at = 0; at < bytes.length; at += piece) await reader.push(bytes.subarray(at, at + piece));
  return reader.end();
}
