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
