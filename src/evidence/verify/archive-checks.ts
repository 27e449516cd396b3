import { EVIDENCE } from '../layout.js';
import type { Manifest } from '../manifest.js';
import { allOf, failed, isUnknown, same, unknown, type Unknown, type Value, type VerifyCheck } from './check.js';
import type { SealedArchive } from './sealed-archive.js';

/** The archive is the one that the manifest and evidence.tar.gz.sha256 name. */
export function digestChecks(
  archive: SealedArchive | Unknown,
  manifest: Manifest | Unknown,
  digestFile: string | Unknown | null,
): VerifyCheck[] {
  const of = (field: 'size' | 'sha256'): Value => (isUnknown(archive) ? archive : archive[field]);
  return [
    same(EVIDENCE.archive, 'size in bytes, as in the manifest', fieldOf(manifest, 'tarball_size_bytes'), of('size')),
    same(EVIDENCE.archive, 'SHA-256, as in the manifest', fieldOf(manifest, 'sha256'), of('sha256')),
    ...(digestFile === null ? [] : [same(EVIDENCE.archiveDigest, 'SHA-256 of the archive', of('sha256'), digestFile)]),
  ];
}

/** The archive holds plain files alone, and those of its index. */
export function contentChecks(archive: SealedArchive | Unknown): VerifyCheck[] {
  const [readable, indexed] = ['a gzip-compressed tar of plain files in order', 'each file as in 59_index.sha256'];
  if (isUnknown(archive)) {
    return [failed(EVIDENCE.archive, readable, 'plain files', archive), failed(EVIDENCE.index, indexed, unreadIndex, archive)];
  }
  const { fault, files } = archive;
  if (fault !== null) {
    const found = unknown(fault.fault);
    const why = unknown('the archive could not be read to its end');
    return [
      failed(fault.name ?? EVIDENCE.archive, readable, 'plain files', found),
      failed(EVIDENCE.index, indexed, unreadIndex, why),
    ];
  }
  return [same(EVIDENCE.archive, readable, `${files.size} files`, `${files.size} files`), ...indexChecks(archive, indexed)];
}

const unreadIndex = unknown('what the index names');

function indexChecks({ index, files }: SealedArchive, what: string): VerifyCheck[] {
  if (isUnknown(index)) return [failed(EVIDENCE.index, what, unreadIndex, index)];
  const indexed = new Map(index.map(({ name, sha256 }) => [name, sha256]));
  const found = [...files].filter(([name]) => name !== EVIDENCE.index);
  const count = `${indexed.size} files`;
  return allOf(same(EVIDENCE.index, what, count, count), [
    ...[...indexed]
      .filter(([name, sha256]) => files.get(name)?.sha256 !== sha256)
      .map(([name, sha256]) => failed(name, what, sha256, files.get(name)?.sha256 ?? 'not in the archive')),
    ...found.filter(([name]) => !indexed.has(name)).map(([name, { sha256 }]) => failed(name, what, 'not in the index', sha256)),
  ]);
}

/** A field of the manifest, or why it is not known. */
export function fieldOf<Field extends keyof Manifest>(manifest: Manifest | Unknown, field: Field): Manifest[Field] | Unknown {
  return isUnknown(manifest) ? manifest : manifest[field];
}
