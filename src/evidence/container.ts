/** What a file is besides bytes, by its first ones. `sealed`: it holds something that is not looked into; `kind` is the finding. */
export type Container =
  { readonly form: 'gzip' | 'tar' } | { readonly form: 'sealed'; readonly kind: 'archive-not-opened' | 'key-store' };

/** As many bytes as `containerOf` looks at: the header of a tar. */
export const CONTAINER_HEAD = 512;

/**
 * Recognises what can be opened (gzip, tar), and what cannot although it may hold anything: other archives, encrypted ones among
 * them, and key stores. Null: the bytes are what they are. Sources: the formats' own specifications.
 */
export function containerOf(head: Buffer): Container | null {
  if (head[0] === 0x1f && head[1] === 0x8b) return { form: 'gzip' };
  if (isTarHeader(head)) return { form: 'tar' };
  if (NOT_OPENED.some((magic) => head.subarray(0, magic.length).equals(magic)))
    return { form: 'sealed', kind: 'archive-not-opened' };
  return isKeyStore(head) ? { form: 'sealed', kind: 'key-store' } : null;
}

const NOT_OPENED = [
  'PK\x03\x04', // zip, and all that is made of it (docx, jar...)
  'PK\x05\x06', // an empty zip, to which anything can be appended
  'PK\x07\x08', // a zip in parts
  '7z\xbc\xaf\x27\x1c',
  'Rar!\x1a\x07',
  '\xfd7zXZ\0',
  '\x28\xb5\x2f\xfd', // zstd
  'BZh',
  '\x04\x22\x4d\x18', // lz4
  '\x1f\x9d', // compress
  'LZIP',
  'age-encryption.org/',
].map((magic) => Buffer.from(magic, 'latin1'));

/** PKCS #12 (a SEQUENCE, its version 3, a SEQUENCE; RFC 7292), and Java's two formats. Their passwords are often known to all. */
function isKeyStore(head: Buffer): boolean {
  if (['feedfeed', 'cececece'].includes(head.toString('hex', 0, 4))) return true;
  const length = head[1] ?? 0;
  const version = 2 + (length > 0x80 ? length - 0x80 : 0);
  return head[0] === 0x30 && head.toString('hex', version, version + 4) === '02010330';
}

/** By its checksum, which every tar has; the word "ustar" is younger. */
function isTarHeader(head: Buffer): boolean {
  if (head.length < CONTAINER_HEAD) return false;
  const stated = /^ *([0-7]{1,7})[ \0]/.exec(head.toString('latin1', 148, 156))?.[1];
  if (stated === undefined) return false;
  let sum = 0;
  for (let at = 0; at < CONTAINER_HEAD; at += 1) sum += at >= 148 && at < 156 ? 0x20 : (head[at] ?? 0);
  return sum === Number.parseInt(stated, 8);
}
