import type { EvidenceSource } from '../../evidence/evidence-dir.js';
import { EVIDENCE, isAttested } from '../../evidence/layout.js';
import type { Manifest } from '../../evidence/manifest.js';
import { failed, isUnknown, same, unknown, type Unknown, type VerifyCheck } from '../../evidence/verify/check.js';
import { readable } from '../../evidence/verify/readable.js';
import { wholeSeconds } from '../compute-retention.js';
import type { LockedFolder } from './locked-folder.js';

/**
 * Each file that was sealed lies in the bucket in exactly one version, under a lock that is still in force; with `here`, its bytes are
 * those of the file here. Downloads what is compared. The manifest says which version, mode and date were asked for.
 */
export async function lockChecks(
  folder: LockedFolder,
  manifest: Manifest | Unknown,
  { here, now }: { readonly here: EvidenceSource | null; readonly now: Date },
): Promise<VerifyCheck[]> {
  const names = new Set([...folder.versions.keys(), EVIDENCE.archive, EVIDENCE.attestation]);
  const checks: VerifyCheck[] = [];
  const listed = here === null ? [] : await readable(() => here.list());
  if (isUnknown(listed))
    checks.push(failed('(directory)', 'in the bucket, the same files as here', 'regular files here', listed));
  else for (const { name } of listed) if (isSealed(name)) names.add(name);
  for (const name of [...names].sort()) {
    if (!isSealed(name)) {
      checks.push(failed(name, 'in the bucket', 'nothing else than what was sealed', versionsOf(folder, name)));
      continue;
    }
    checks.push(versionCheck(folder, manifest, name), await lockCheck(folder, manifest, name, now));
    if (here !== null) checks.push(await contentCheck(folder, here, name));
  }
  return checks;
}

function isSealed(name: string): boolean {
  return isAttested(name) || SEALED.has(name);
}

const SEALED: ReadonlySet<string> = new Set([EVIDENCE.archive, EVIDENCE.attestation, EVIDENCE.timestamp]);

function versionCheck(folder: LockedFolder, manifest: Manifest | Unknown, name: string): VerifyCheck {
  const what = 'in the bucket, exactly one version';
  const found = versionsOf(folder, name);
  if (name === EVIDENCE.archive) return same(name, what, isUnknown(manifest) ? manifest : manifest.version_id, found);
  const { versions, deleteMarkers } = folder.versions.get(name) ?? { versions: [], deleteMarkers: [] };
  return versions.length === 1 && deleteMarkers.length === 0 ? same(name, what, found, found) : failed(name, what, 'one', found);
}

function versionsOf(folder: LockedFolder, name: string): string {
  const { versions, deleteMarkers } = folder.versions.get(name) ?? { versions: [], deleteMarkers: [] };
  return [...versions, ...deleteMarkers.map((id) => `${id} (delete marker)`)].join(', ') || 'none';
}

const DAY_MS = 24 * 60 * 60 * 1000;

async function lockCheck(folder: LockedFolder, manifest: Manifest | Unknown, name: string, now: Date): Promise<VerifyCheck> {
  const what = 'in the bucket, its lock is still in force';
  if (isUnknown(manifest)) return failed(name, what, manifest, 'not compared');
  const expected = `${manifest.lock_mode} until ${manifest.retain_until} or later`;
  const lock = await readable(() => folder.lock(name));
  if (isUnknown(lock)) return failed(name, what, expected, lock);
  const { mode, retainUntil, legalHold } = lock;
  if (mode === undefined || retainUntil === undefined) return failed(name, what, expected, 'no lock');
  const days = Math.floor((retainUntil.getTime() - now.getTime()) / DAY_MS);
  const left = retainUntil <= now ? 'expired' : `${days} days left`;
  const found = `${mode} until ${wholeSeconds(retainUntil)} (${left}${legalHold ? ', legal hold' : ''})`;
  const ok = mode === manifest.lock_mode && retainUntil.getTime() >= Date.parse(manifest.retain_until) && retainUntil > now;
  return { artefact: name, what, ok, expected, found };
}

async function contentCheck(folder: LockedFolder, here: EvidenceSource, name: string): Promise<VerifyCheck> {
  const what = 'in the bucket, the same bytes as here';
  const [local, locked] = await Promise.all([digestIn(here, name), digestIn(folder, name)]);
  return same(name, what, local, isUnknown(local) && isUnknown(locked) ? unknown(locked.unknown) : locked);
}

function digestIn(source: EvidenceSource, name: string): Promise<string | Unknown> {
  return readable(async () => (await source.digest(name)).sha256);
}
