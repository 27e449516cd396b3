import type { Linter } from './secretlint.js';
import type { SecretFinding } from './redaction.js';

/** Far longer than what a rule of secretlint matches: its longest is a private key of 10,000 characters. */
const OVERLAP = 16 * 1024;
const WINDOW = 256 * 1024;
/** What rules look back at: whether a word begins here. */
const CONTEXT = 64;

/**
 * Looks at a text of any length with secretlint, in constant memory: in windows that overlap, each finding counted where it begins,
 * so that none is cut, and none is told twice.
 */
export class LintScanner {
  #held = '';
  /** So many characters at the beginning of `#held` were judged before. */
  #judged = 0;
  #line = 1;

  constructor(
    private readonly lint: Linter,
    private readonly onFinding: (finding: SecretFinding) => void,
  ) {}

  async push(text: string): Promise<void> {
    this.#held += text;
    while (this.#held.length >= this.#judged + WINDOW + OVERLAP) await this.#judge(this.#judged + WINDOW);
  }

  async end(): Promise<void> {
    await this.#judge(this.#held.length);
  }

  async #judge(end: number): Promise<void> {
    let at = this.#judged;
    for (const { kind, index } of await this.lint(this.#held.slice(0, end + OVERLAP))) {
      if (index < this.#judged || index >= end) continue;
      this.#line += lineFeeds(this.#held, at, index);
      at = index;
      this.onFinding({ line: this.#line, kind });
    }
    this.#line += lineFeeds(this.#held, at, end);
    const kept = Math.max(0, end - CONTEXT);
    this.#judged = end - kept;
    this.#held = this.#held.slice(kept);
  }
}

function lineFeeds(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = text.indexOf('\n', from); at >= 0 && at < to; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}
