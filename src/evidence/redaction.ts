import { redactionMarker, secretFinder, type FoundSecret, type SecretFinder } from './find-secrets.js';
import type { KnownSecret } from './known-secrets.js';
import { PrivateKeyBlock } from './private-key-block.js';
import { SecretData } from './secret-data.js';

/** A secret that was found: its kind and the line (from 1) on which it begins; never its text. */
export interface SecretFinding {
  readonly line: number;
  readonly kind: string;
}

/** Redacts a stream of bytes. The output does not depend on how the input was cut into chunks. */
export interface Redactor {
  /** Returns what is ready to be written; the last, unfinished line is held back. */
  push(chunk: Uint8Array | string): Uint8Array;
  /** Returns what was held back. Call it once, at the end. */
  flush(): Uint8Array;
}

export interface RedactorOptions {
  /** Secrets known by their value, see `knownSecrets(env)`. */
  readonly known?: readonly KnownSecret[];
  /** Look for exact tokens only, as fits a PNG. */
  readonly binary?: boolean;
  readonly onFinding?: (finding: SecretFinding) => void;
  /** Keep the line feeds within a secret, so that what comes after it stays on its line. */
  readonly keepLines?: boolean;
}

/**
 * Replaces each secret by `[REDACTED:<kind>]`. Works on bytes, so that what is not UTF-8 passes unchanged, in memory of a
 * few hundred KiB. Lines are judged whole. A line longer than 64 KiB is judged in windows of 64 KiB, of which the last
 * 16 KiB are judged again with the next one: a secret across the cut is found, and one longer than that is followed to its end.
 */
export function createRedactor(options: RedactorOptions = {}): Redactor {
  return new StreamingRedactor(options);
}

const WINDOW = 64 * 1024;
const OVERLAP = 16 * 1024;
/** A larger chunk is taken in parts, so that memory does not grow with it. */
const PART = 256 * 1024;

class StreamingRedactor implements Redactor {
  #held: string[] = [];
  #heldLength = 0;
  /** The characters that still belong to the secrets that went beyond their window. */
  #swallowing: RegExp[] = [];
  #line = 1;
  readonly #key = new PrivateKeyBlock();
  readonly #find: SecretFinder;
  /** Null in binary content. */
  readonly #data: SecretData | null;
  readonly #onFinding: ((finding: SecretFinding) => void) | null;
  readonly #keepLines: boolean;

  constructor({ known = [], binary = false, onFinding, keepLines = false }: RedactorOptions) {
    this.#find = secretFinder(known, binary);
    this.#data = binary ? null : new SecretData();
    this.#onFinding = onFinding ?? null;
    this.#keepLines = keepLines;
  }

  push(chunk: Uint8Array | string): Uint8Array {
    const bytes =
      typeof chunk === 'string' ? Buffer.from(chunk, 'utf8') : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const ready: string[] = [];
    for (let at = 0; at < bytes.length; at += PART) {
      const part = bytes.subarray(at, at + PART).toString('latin1');
      this.#held.push(part);
      this.#heldLength += part.length;
      if (this.#heldLength >= WINDOW || part.includes('\n')) ready.push(this.#drain(false));
    }
    return Buffer.from(ready.join(''), 'latin1');
  }

  flush(): Uint8Array {
    return Buffer.from(this.#drain(true), 'latin1');
  }

  #drain(atEnd: boolean): string {
    const text = this.#held.join('');
    let out = '';
    let at = 0;
    for (;;) {
      at = this.#swallow(text, at);
      const end = endOfWholeLines(text, at);
      if (end > at) {
        out += this.#lines(text.slice(at, end));
        at = end;
      }
      if (text.length - at < WINDOW) break;
      const window = this.#window(text.slice(at, at + WINDOW));
      out += window.out;
      at += window.length;
    }
    const rest = text.slice(at);
    this.#held = atEnd || rest === '' ? [] : [rest];
    this.#heldLength = atEnd ? 0 : rest.length;
    return atEnd && rest !== '' ? out + this.#lines(rest) : out;
  }

  #swallow(text: string, at: number): number {
    while (this.#swallowing.length > 0 && at < text.length) {
      this.#swallowing = this.#swallowing.filter((continues) => continues.test(text.charAt(at)));
      if (this.#swallowing.length > 0) at += 1;
    }
    return at;
  }

  /** Whole lines (or the last, unfinished one), with the keys among them. */
  #lines(text: string): string {
    let out = '';
    while (text !== '') {
      if (this.#key.inside) {
        const swallowed = this.#key.swallow(text);
        out += this.#left(text.slice(0, swallowed));
        text = text.slice(swallowed);
        if (text === '') break;
      }
      const opened = this.#key.openingLine(text);
      const end = opened < 0 ? text.length : opened;
      const lines = text.slice(0, end);
      out += this.#replace(lines, [...this.#find(lines), ...(this.#data?.find(lines) ?? [])]);
      text = text.slice(end);
    }
    return out;
  }

  /** A part of a line too long to be held. Secrets that begin before the overlap are replaced, the others wait. */
  #window(text: string): { out: string; length: number } {
    this.#key.leave();
    const found: FoundSecret[] = [];
    let length = WINDOW - OVERLAP;
    const all = [...this.#find(text), ...(this.#data?.look(text) ?? [])];
    for (const secret of all.sort((a, b) => a.from - b.from)) {
      if (secret.from >= length) break;
      found.push(secret);
      length = Math.max(length, secret.end);
    }
    this.#swallowing = found.filter(({ end }) => end === WINDOW).map(({ continues }) => continues);
    this.#data?.advance(text, length);
    return { out: this.#replace(text.slice(0, length), found), length };
  }

  #replace(text: string, found: readonly FoundSecret[]): string {
    let out = '';
    let at = 0;
    // Of two that start together, the one known by its own form names the kind: it begins no sooner than an assignment.
    for (const { kind, start, end } of found.toSorted((a, b) => a.start - b.start || b.from - a.from)) {
      if (start >= at) {
        out += text.slice(at, start) + redactionMarker(kind);
        this.#countLines(text.slice(at, start));
        at = start;
        this.#onFinding?.({ line: this.#line, kind });
      }
      if (end > at) {
        out += this.#left(text.slice(at, end));
        at = end;
      }
    }
    this.#countLines(text.slice(at));
    return out + text.slice(at);
  }

  /** What is left of a secret: nothing, or its line feeds. */
  #left(secret: string): string {
    this.#countLines(secret);
    return this.#keepLines ? secret.replace(/[^\n]+/g, '') : '';
  }

  #countLines(text: string): void {
    if (this.#onFinding === null) return;
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.#line += 1;
  }
}

/** The end of the last line feed before which no line is as long as a window. */
function endOfWholeLines(text: string, from: number): number {
  let end = from;
  for (;;) {
    const lineFeed = text.indexOf('\n', end);
    if (lineFeed < 0 || lineFeed - end >= WINDOW) return end;
    end = lineFeed + 1;
  }
}
