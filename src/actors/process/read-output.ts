import type { Readable } from 'node:stream';
import { setImmediate as afterPoll, setTimeout as delay } from 'node:timers/promises';
import { ActorError } from '../actor.js';

/** Reads one stream of a command to its end; each chunk is taken before the next one is asked for. */
export class OutputReader {
  /** Rejects with what `take` throws. */
  readonly done: Promise<void>;
  #finished = false;
  #taking = false;
  #chunks = 0;
  #abandoned = false;

  constructor(
    private readonly stream: Readable,
    private readonly take: (chunk: Uint8Array) => Promise<void> | void,
  ) {
    this.done = this.#read();
    // Whoever waits for `done` sees its failure; until someone does, it must not count as unhandled.
    this.done.catch(() => undefined);
  }

  /**
   * To be called when every process that is known to write has ended. Reads what still lies in the pipe, and stops when
   * there is nothing more or `quietMs` passed without anything: a process that shook off group and mark may hold the pipe open.
   */
  async finish(quietMs: number): Promise<void> {
    while (!this.#finished) {
      const seen = this.#chunks;
      const over = new AbortController();
      await Promise.race([
        this.done.catch(() => undefined).finally(() => over.abort()),
        delay(quietMs, undefined, { signal: over.signal }).catch(() => undefined),
      ]);
      // After a block of the event loop the timer is first in line; only then is the pipe looked at. Source: Node's phases.
      await afterPoll();
      if (!this.#finished && !this.#taking && this.#chunks === seen) this.abandon();
    }
    await this.done;
  }

  abandon(): void {
    this.#abandoned = true;
    this.stream.destroy();
  }

  async #read(): Promise<void> {
    try {
      for await (const chunk of this.stream as AsyncIterable<Buffer>) {
        this.#taking = true;
        await this.take(chunk);
        this.#taking = false;
        this.#chunks += 1;
      }
    } catch (error) {
      if (!this.#abandoned) throw error;
    } finally {
      this.#finished = true;
    }
  }
}

/** Collects output up to a limit. */
export class CollectedOutput {
  readonly #chunks: Uint8Array[] = [];
  #size = 0;

  constructor(
    private readonly file: string,
    private readonly maxBytes: number,
  ) {}

  /** Throws ActorError COMMAND_OUTPUT_TOO_LARGE. */
  add(chunk: Uint8Array): void {
    this.#size += chunk.length;
    if (this.#size > this.maxBytes) throw outputTooLarge(this.file, this.maxBytes);
    this.#chunks.push(chunk);
  }

  /** As UTF-8; what is not becomes U+FFFD. */
  text(): string {
    return Buffer.concat(this.#chunks).toString('utf8');
  }
}

export function outputTooLarge(file: string, maxBytes: number): ActorError {
  return new ActorError(
    'COMMAND_OUTPUT_TOO_LARGE',
    `${file} wrote more than ${maxBytes} bytes and was ended. Find out why it writes so much, or narrow what it is asked for.`,
    { details: { file, maxBytes } },
  );
}
