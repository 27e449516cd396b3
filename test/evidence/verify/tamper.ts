import { cp, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import tar from 'tar-stream';
import type { EvidenceDir } from '../../../src/evidence/evidence-dir.js';
import type { HistoryRecord } from '../../../src/evidence/history-record.js';
import { indexText } from '../../../src/evidence/index-file.js';
import { EVIDENCE } from '../../../src/evidence/layout.js';
import { openEvidenceDir } from '../../../src/evidence/local-evidence-dir.js';
import type { Manifest } from '../../../src/evidence/manifest.js';
import { createRedactor } from '../../../src/evidence/redaction.js';
import type { SignOffKey } from '../../sign-off-key.js';
import { hex, historyText, type SealedRun } from './sealed-run.js';
import { tarOf, type TarEntry } from './tar-of.js';

export interface Packed extends TarEntry {
  readonly content: Buffer;
}

/** What is made to fit an archive that was changed. */
export interface Cover {
  /** 59_index.sha256 in it. */
  readonly index?: boolean;
  /** evidence.tar.gz.sha256, and digest and size in the manifest. */
  readonly digests?: boolean;
  /** The files beside it. */
  readonly beside?: boolean;
}

/** A copy of a run's sealed directory, to be tampered with. */
export class TamperedRun {
  private constructor(
    readonly root: string,
    public directory: string,
    readonly records: readonly HistoryRecord[],
    readonly signOffKey: SignOffKey | null,
  ) {}

  static async of({ directory, records, signOffKey }: SealedRun): Promise<TamperedRun> {
    const root = await mkdtemp(join(tmpdir(), 'tampered-'));
    await cp(directory, join(root, basename(directory)), { recursive: true });
    return new TamperedRun(root, join(root, basename(directory)), records, signOffKey);
  }

  async dispose(): Promise<void> {
    await rm(this.root, { recursive: true });
  }

  get evidence(): EvidenceDir {
    return openEvidenceDir(this.directory, { root: this.root, redactor: () => createRedactor() });
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  read(name: string): Promise<Buffer> {
    return readFile(this.path(name));
  }

  write(name: string, content: string | Uint8Array): Promise<void> {
    return writeFile(this.path(name), content);
  }

  async edit(name: string, change: (text: string) => string): Promise<void> {
    const before = (await this.read(name)).toString();
    const after = change(before);
    if (after === before) throw new Error(`${name} was not changed: ${before}`);
    await this.write(name, after);
  }

  async flipByte(name: string): Promise<void> {
    const bytes = await this.read(name);
    const at = Math.floor(bytes.length / 2);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    await this.write(name, bytes);
  }

  async append(name: string, bytes: string): Promise<void> {
    await this.write(name, Buffer.concat([await this.read(name), Buffer.from(bytes)]));
  }

  async cutOff(name: string): Promise<void> {
    await this.write(name, (await this.read(name)).subarray(0, -1));
  }

  remove(name: string): Promise<void> {
    return rm(this.path(name));
  }

  rename(name: string, to: string): Promise<void> {
    return rename(this.path(name), this.path(to));
  }

  async swap(one: string, other: string): Promise<void> {
    const [first, second] = [await this.read(one), await this.read(other)];
    await this.write(one, second);
    await this.write(other, first);
  }

  /** The same content, but through a link that could point at something else tomorrow. */
  async replaceByLink(name: string): Promise<void> {
    const target = join(this.root, 'target');
    await rename(this.path(name), target);
    await symlink(target, this.path(name));
  }

  async moveDirectory(name: string): Promise<void> {
    const to = join(this.root, name);
    await rename(this.directory, to);
    this.directory = to;
  }

  async editManifest(change: (manifest: Manifest) => Partial<Manifest>): Promise<void> {
    const manifest = JSON.parse((await this.read(EVIDENCE.manifest)).toString()) as Manifest;
    await this.write(EVIDENCE.manifest, `${JSON.stringify({ ...manifest, ...change(manifest) }, null, 2)}\n`);
  }

  /** Takes the archive apart and packs it again, changed, with what is to cover it up. */
  async repack(change: (files: Packed[]) => readonly TarEntry[], { index, digests, beside }: Cover = {}): Promise<void> {
    let files = change(await this.#packed());
    if (index === true) {
      const indexed = files
        .filter(({ name }) => name !== EVIDENCE.index)
        .map(({ name, content = '' }) => ({ name, sha256: hex(content) }));
      files = files.map((file) => (file.name === EVIDENCE.index ? { ...file, content: indexText(indexed) } : file));
    }
    const archive = gzipSync(await tarOf(files));
    await this.write(EVIDENCE.archive, archive);
    if (digests === true) {
      const sha256 = hex(archive);
      await this.write(EVIDENCE.archiveDigest, indexText([{ name: EVIDENCE.archive, sha256 }]));
      await this.editManifest(() => ({ sha256, tarball_size_bytes: archive.length }));
    }
    if (beside === true) for (const { name, content = '' } of files) await this.write(name, content);
  }

  /** Other transitions in the archive's history, with everything made to fit them but what comes after. */
  async replaceHistory(records: readonly HistoryRecord[], cover: Cover): Promise<void> {
    await this.repack((files) => withContent(files, EVIDENCE.history, () => historyText(records)), cover);
    const { seq, hash } = records.at(-1) as HistoryRecord;
    if (cover.digests === true) await this.editManifest(() => ({ seal_seq: seq, chain_head: hash }));
  }

  async #packed(): Promise<Packed[]> {
    const files: Packed[] = [];
    const extract = tar.extract();
    extract.end(gunzipSync(await this.read(EVIDENCE.archive)));
    for await (const entry of extract) {
      const chunks: Buffer[] = [];
      for await (const chunk of entry as AsyncIterable<Buffer>) chunks.push(chunk);
      files.push({
        name: entry.header.name,
        mode: 0o644,
        mtime: new Date('1980-01-01T00:00:00Z'),
        content: Buffer.concat(chunks),
      });
    }
    return files;
  }
}

export function withContent(files: readonly Packed[], name: string, change: (text: string) => string): Packed[] {
  return files.map((file) => {
    if (file.name !== name) return file;
    const content = Buffer.from(change(file.content.toString()));
    if (content.equals(file.content)) throw new Error(`${name} was not changed`);
    return { ...file, content };
  });
}
