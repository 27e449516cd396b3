const BEGIN = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g;
const END = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/;
const PADDED_LINE = /^[ \t]*[A-Za-z0-9+/=]{1,100}[ \t"',;\\]*$/;
const LONG_RUN = /(?:^|[^A-Za-z0-9+/=])[A-Za-z0-9+/=]{40,}[ \t"',;\\]*$/;
const ARMOR_HEADER = /^[ \t]*(?:Proc-Type|DEK-Info|Version|Comment|Hash|Charset): /;

/**
 * Swallows the lines of a private key that spans several of them (PEM, OpenSSH, PGP). Two modes: outside of a key, where
 * `openingLine` looks for a line that begins one without ending it; and inside, where `swallow` takes lines that look like
 * a key's body, until its END line or the first line that does not. So a stray BEGIN in an error message does not hide the
 * rest of a log. Lines of a log may carry a prefix (`pod-1 | MIIE...`): its length is that of the BEGIN line's.
 */
export class PrivateKeyBlock {
  #prefixLength: number | null = null;

  get inside(): boolean {
    return this.#prefixLength !== null;
  }

  leave(): void {
    this.#prefixLength = null;
  }

  /** The end (behind its line feed) of the first line that opens a key; from there on we are inside. -1: there is none. */
  openingLine(text: string): number {
    for (const begin of text.matchAll(BEGIN)) {
      const lineStart = text.lastIndexOf('\n', begin.index) + 1;
      const lineFeed = text.indexOf('\n', begin.index);
      const lineEnd = lineFeed < 0 ? text.length : lineFeed + 1;
      const rest = text.slice(begin.index, lineEnd);
      if (rest.lastIndexOf('-----END ') > rest.lastIndexOf('-----BEGIN ')) continue;
      this.#prefixLength = begin.index - lineStart;
      return lineEnd;
    }
    return -1;
  }

  /** How many characters of `text` still belong to the key. */
  swallow(text: string): number {
    let at = 0;
    while (at < text.length && this.#prefixLength !== null) {
      const lineFeed = text.indexOf('\n', at);
      const lineEnd = lineFeed < 0 ? text.length : lineFeed + 1;
      const line = text.slice(at, lineEnd).replace(/\r?\n$/, '');
      const end = END.exec(line);
      if (end !== null) {
        const behind = end.index + end[0].length;
        this.leave();
        return /^[ \t]*$/.test(line.slice(behind)) ? lineEnd : at + behind;
      }
      if (!this.#isBody(line, this.#prefixLength)) this.leave();
      else at = lineEnd;
    }
    return at;
  }

  #isBody(line: string, prefixLength: number): boolean {
    const bare = line.slice(prefixLength);
    return (
      [line, bare].some((part) => /^[ \t]*$/.test(part) || PADDED_LINE.test(part) || ARMOR_HEADER.test(part)) ||
      LONG_RUN.test(line)
    );
  }
}
