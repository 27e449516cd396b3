import { addAbortSignal, Readable } from 'node:stream';
import { EnvelopeError, parseEnvelope } from './attestation/envelope.js';
import { CONTAINER_HEAD, containerOf, type Container } from './container.js';
import { BINARY_PROBE, ContentScanner, type ScanRules } from './content-scanner.js';
import type { EvidenceDir } from './evidence-dir.js';
import type { KnownSecret } from './known-secrets.js';
import { gunzipped, NotOpenedError, tarEntries } from './opened.js';
import { redactionMarker } from './find-secrets.js';
import { redactText } from './redact-json.js';
import type { SecretFinding } from './redaction.js';
import { EVIDENCE } from './layout.js';
import { loadSecretlint } from './secretlint.js';

/**
 * A secret in an evidence file, or in its name (`line` 0). Its text is never part of it: such a name is shown redacted. A file in an
 * archive is shown as `logs.tar.gz!/pod.log`. What cannot be looked into is a finding too (`archive-...`, `key-store`).
 */
export interface ScanFinding extends SecretFinding {
  readonly file: string;
}

export interface ScanResult {
  /** The names, as findings show them. */
  readonly files: readonly string[];
  readonly filesScanned: number;
  readonly bytesScanned: number;
  readonly findings: readonly ScanFinding[];
}

/** An archive in an archive in an archive...: `.tar.gz` counts two. */
const MAX_DEPTH = 4;
/** What comes out of the archives of one file: not more than 2 GiB, and beyond 64 MiB not more than 200 times its own size. */
const MAX_OPENED = 2 * 1024 ** 3;
const FREE_OPENED = 64 * 1024 ** 2;
const MAX_RATIO = 200;

/**
 * Looks for secrets in evidence files, in their names and in each as a stream in constant memory, by our own rules and by
 * secretlint's; see `ContentScanner`. gzip and tar are opened, within bounds, and of the attestation its statement is scanned. What
 * cannot be read is an `EvidenceError`, never skipped.
 */
export async function scanForSecrets(
  evidence: EvidenceDir,
  names: readonly string[],
  known: readonly KnownSecret[],
  signal?: AbortSignal,
): Promise<ScanResult> {
  const files: string[] = [];
  const findings: ScanFinding[] = [];
  let bytesScanned = 0;
  for (const name of names) {
    const chunks = name === EVIDENCE.attestation ? await statementIn(evidence, name) : evidence.stream(name);
    const scanned = await scanContent(name, signal === undefined ? chunks : addAbortSignal(signal, chunks), known);
    files.push(scanned.file);
    findings.push(...scanned.findings);
    bytesScanned += scanned.bytes;
  }
  return { files, filesScanned: files.length, bytesScanned, findings };
}

/** What an envelope says: it has that in base64, where no rule finds anything. All of a file that is none. */
async function statementIn(evidence: EvidenceDir, name: string): Promise<Readable> {
  const text = (await evidence.read(name)).toString('utf8');
  try {
    return Readable.from([Buffer.from(parseEnvelope(text).payload)]);
  } catch (error) {
    if (error instanceof EnvelopeError) return Readable.from([Buffer.from(text)]);
    throw error;
  }
}

/** The same for one content, wherever it comes from. `file` is its name as it may be shown. */
export async function scanContent(
  name: string,
  chunks: AsyncIterable<Buffer>,
  known: readonly KnownSecret[],
): Promise<{ readonly file: string; readonly bytes: number; readonly findings: readonly ScanFinding[] }> {
  const scan = new FileScan({ known, lint: await loadSecretlint() });
  const file = await scan.name(name);
  const bytes = await scan.content(file, chunks, 0);
  return { file, bytes, findings: scan.findings };
}

/** One file of the evidence, with all that is in it. */
class FileScan {
  readonly findings: ScanFinding[] = [];
  #read = 0;
  #unpacked = 0;

  constructor(private readonly rules: ScanRules) {}

  /** Scans a name, with all that is said with it. Gives `shown` as it may be shown. */
  async name(words: string, shown = words): Promise<string> {
    const kinds: string[] = [];
    const scanner = new ContentScanner(Buffer.alloc(0), this.rules, ({ kind }) => kinds.push(kind));
    await scanner.push(Buffer.from(words));
    await scanner.end();
    const lint = kinds.find((kind) => kind.startsWith('secretlint-'));
    const file = lint === undefined ? redactText(shown, this.rules.known) : redactionMarker(lint);
    this.findings.push(...kinds.map((kind) => ({ file, line: 0, kind })));
    return file;
  }

  /** The bytes themselves, and what they are an archive of. Gives how many there are. */
  async content(file: string, chunks: AsyncIterable<Buffer>, depth: number): Promise<number> {
    const { head, all } = await withHead(chunks);
    const found = (finding: SecretFinding) => void this.findings.push({ file, ...finding });
    const scanner = new ContentScanner(head, this.rules, found);
    let size = 0;
    const scanned = inTurn(async () => {
      const next = await all.next();
      if (next.done === true) return next;
      this.#count(next.value.length, depth);
      size += next.value.length;
      await scanner.push(next.value);
      return next;
    });
    try {
      await this.#opened(file, containerOf(head), scanned, depth, found);
      while ((await scanned.next()).done !== true);
      await scanner.end();
    } finally {
      await all.return(undefined);
    }
    return size;
  }

  /** What the content is an archive of, if it is one. What of it was not asked for is left for the caller. */
  async #opened(
    file: string,
    container: Container | null,
    chunks: AsyncIterator<Buffer>,
    depth: number,
    found: (finding: SecretFinding) => void,
  ): Promise<void> {
    try {
      if (container?.form === 'sealed') found({ line: 1, kind: container.kind });
      else if (container !== null) await this.#open(file, container.form, { [Symbol.asyncIterator]: () => chunks }, depth);
    } catch (error) {
      // Where too much came out, it is the outermost archive that is not read on.
      if (!(error instanceof NotOpenedError) || (error.kind === 'archive-too-large' && depth > 0)) throw error;
      found({ line: 1, kind: error.kind });
    }
  }

  async #open(file: string, form: 'gzip' | 'tar', chunks: AsyncIterable<Buffer>, depth: number): Promise<void> {
    if (depth >= MAX_DEPTH) throw new NotOpenedError('archive-too-deep');
    if (form === 'gzip') {
      await this.content(file, gunzipped(chunks), depth + 1);
      return;
    }
    for await (const { words, name, content } of tarEntries(chunks)) {
      const inner = await this.name(words, `${file}!/${name}`);
      await this.content(inner, content, depth + 1);
    }
  }

  #count(bytes: number, depth: number): void {
    if (depth === 0) this.#read += bytes;
    else this.#unpacked += bytes;
    const allowed = Math.min(MAX_OPENED, Math.max(FREE_OPENED, this.#read * MAX_RATIO));
    if (depth > 0 && this.#unpacked > allowed) throw new NotOpenedError('archive-too-large');
  }
}

/** The first bytes, which tell what it is, and all of it, those included. */
async function withHead(chunks: AsyncIterable<Buffer>): Promise<{ head: Buffer; all: AsyncGenerator<Buffer, void, void> }> {
  const iterator = chunks[Symbol.asyncIterator]();
  const first: Buffer[] = [];
  let length = 0;
  while (length < Math.max(CONTAINER_HEAD, BINARY_PROBE)) {
    const { done, value } = await iterator.next();
    if (done === true) break;
    first.push(value);
    length += value.length;
  }
  return { head: Buffer.concat(first), all: goingOn(first, iterator) };
}

async function* goingOn(first: readonly Buffer[], iterator: AsyncIterator<Buffer>): AsyncGenerator<Buffer, void, void> {
  try {
    yield* first;
    for (;;) {
      const { done, value } = await iterator.next();
      if (done === true) return;
      yield value;
    }
  } finally {
    await iterator.return?.();
  }
}

/** An iterator whose steps are made one after the other, by whomever they are asked for. Nobody can end it. */
function inTurn(step: () => Promise<IteratorResult<Buffer, void>>): AsyncIterator<Buffer, void> {
  let last: Promise<unknown> = Promise.resolve();
  return {
    next() {
      const next = last.then(step);
      last = next.catch(() => undefined);
      return next;
    },
  };
}
