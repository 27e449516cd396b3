import { StringDecoder } from 'node:string_decoder';
import type { KnownSecret } from './known-secrets.js';
import { LintScanner } from './lint-scanner.js';
import { createRedactor, type Redactor, type SecretFinding } from './redaction.js';
import type { Linter } from './secretlint.js';

export interface ScanRules {
  readonly known: readonly KnownSecret[];
  readonly lint: Linter;
}

/** How many of the first bytes tell whether a content is binary. */
export const BINARY_PROBE = 8 * 1024;

/**
 * Looks for secrets in one content, given piece by piece: first by the rules by which logs are redacted, then, in what these leave
 * over, by secretlint's. So nothing is told twice, and a redacted log has no findings. A content with a NUL in its first bytes is
 * binary: of our own rules only those for exact tokens look at it. Text in UTF-16, as PowerShell writes it, is decoded.
 */
export class ContentScanner {
  readonly #redactor: Redactor;
  readonly #decode: (bytes: Uint8Array) => string;
  readonly #toText: (bytes: Uint8Array) => Uint8Array | string;
  readonly #rest: LintScanner;

  constructor(head: Buffer, { known, lint }: ScanRules, onFinding: (finding: SecretFinding) => void) {
    const utf16 = UTF16.find(({ mark }) => head.subarray(0, 2).equals(mark));
    const binary = utf16 === undefined && head.subarray(0, BINARY_PROBE).includes(0);
    const utf16Decoder = utf16 === undefined ? null : new TextDecoder(utf16.encoding);
    const decoder = new StringDecoder(binary ? 'latin1' : 'utf8');
    this.#toText = (bytes) => utf16Decoder?.decode(bytes, { stream: true }) ?? bytes;
    this.#decode = (bytes) => decoder.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    this.#redactor = createRedactor({ known, binary, onFinding, keepLines: true });
    this.#rest = new LintScanner(lint, onFinding);
  }

  async push(chunk: Uint8Array): Promise<void> {
    await this.#lint(this.#redactor.push(this.#toText(chunk)));
  }

  async end(): Promise<void> {
    await this.#lint(this.#redactor.flush());
    await this.#rest.end();
  }

  /** A secret that was redacted is none any more: what secretlint takes for none, too, stands in its place. */
  async #lint(redacted: Uint8Array): Promise<void> {
    await this.#rest.push(this.#decode(redacted).replaceAll(/\[REDACTED:[A-Za-z0-9_-]+\]/g, '****'));
  }
}

const UTF16 = [
  { mark: Buffer.from([0xff, 0xfe]), encoding: 'utf-16le' },
  { mark: Buffer.from([0xfe, 0xff]), encoding: 'utf-16be' },
];
