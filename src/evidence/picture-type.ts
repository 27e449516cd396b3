import type { EvidenceDir, EvidenceEntry } from './evidence-dir.js';

/** What a screenshot may be. */
export type PictureType = 'PNG' | 'JPEG' | 'WebP' | 'PDF';

/** How many bytes of a file tell its type. */
export const PICTURE_HEAD_BYTES = 12;

/**
 * By its first bytes, whatever its name says; null for anything else. Sources: PNG specification, 5.2; JPEG (ITU-T T.81), B.1.1.3: SOI
 * and the next marker; WebP container specification, "RIFF file header"; ISO 32000-1, 7.5.2.
 */
export function pictureType(head: Uint8Array): PictureType | null {
  const bytes = Buffer.from(head).toString('latin1');
  if (bytes.startsWith('\x89PNG\r\n\x1a\n')) return 'PNG';
  if (bytes.startsWith('\xff\xd8\xff')) return 'JPEG';
  if (bytes.startsWith('RIFF') && bytes.slice(8, 12) === 'WEBP') return 'WebP';
  return bytes.startsWith('%PDF-') ? 'PDF' : null;
}

/** The type of a file of the evidence, of which only the beginning is read. Throws `EvidenceError`. */
export async function pictureTypeIn(evidence: EvidenceDir, { name, size }: EvidenceEntry): Promise<PictureType | null> {
  const chunks: Buffer[] = [];
  const head = evidence.stream(name, { start: 0, end: Math.min(size, PICTURE_HEAD_BYTES) });
  for await (const chunk of head) chunks.push(chunk as Buffer);
  return pictureType(Buffer.concat(chunks));
}
