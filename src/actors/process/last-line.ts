/** Between two lines for whoever watches, in milliseconds: output may come faster than anyone reads. */
const INTERVAL_MS = 200;
const MAX_LENGTH = 200;

/**
 * Follows output without keeping it: counts its bytes, and shows now and then its newest line that is not empty, shortened and without
 * control characters.
 */
export class LastLine {
  bytes = 0;
  /** Whether the output is empty or ends with a line feed. */
  endsLine = true;
  #unfinished = '';
  #shownAt = -Infinity;

  constructor(private readonly show: (line: string) => void) {}

  take(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.bytes += chunk.length;
    this.endsLine = chunk.at(-1) === 0x0a;
    const tail = this.#unfinished + Buffer.from(chunk.subarray(-4 * MAX_LENGTH)).toString('utf8');
    const lines = tail.split(/\r?\n|\r/);
    this.#unfinished = (lines.at(-1) ?? '').slice(-MAX_LENGTH);
    const line = lines
      .slice(0, -1)
      .map(printable)
      .findLast((text) => text !== '');
    if (line === undefined) return;
    if (performance.now() - this.#shownAt < INTERVAL_MS) return;
    this.#shownAt = performance.now();
    this.show(line);
  }
}

function printable(line: string): string {
  return (
    line
      // eslint-disable-next-line no-control-regex -- colours and cursor movements are for a terminal of the command's own
      .replace(/\u001b\[[0-9;?]*[ -/]*[@-~]/g, '')
      .replace(/[\p{Cc}\p{Cf}]/gu, '')
      .trim()
      .slice(0, MAX_LENGTH)
  );
}
