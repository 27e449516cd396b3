import type { EngineNotice } from '../engine/engine.js';
import { isStep, STEPS } from '../machine/steps.js';
import { duration, timeOfDay } from './clock-format.js';
import type { CommonOptions } from './command.js';
import { eventWords } from './event-words.js';
import type { Io } from './io.js';
import { oneLine, truncate } from './table.js';

/** What a person at the terminal sees while a run is driven: on stderr, so that stdout has results only. */
export interface Progress {
  notify(notice: EngineNotice): void;
  /** Writes beside the live lines without tearing them. */
  aside(write: () => void): void;
  /** Takes the live lines away and gives the cursor back. */
  close(): void;
}

export interface ProgressOptions extends Pick<CommonOptions, 'stderrPalette'> {
  /** False where stdout tells of the transitions already (the runbook's form). */
  readonly transitions: boolean;
}

/** Live on a terminal: two lines, redrawn in place; elsewhere a line for what happens. */
export function createProgress(io: Io, { stderrPalette: palette, transitions }: ProgressOptions): Progress {
  const live = io.stderr.isTTY === true && io.env['TERM'] !== 'dumb' ? new LiveLines(io) : null;
  const say = (text: string) => {
    const write = () => void io.stderr.write(`${text}\n`);
    if (live === null) write();
    else live.aside(write);
  };
  return {
    notify(notice) {
      switch (notice.type) {
        case 'transition': {
          live?.rest();
          if (!transitions) return;
          const { kind, text } = eventWords(notice.record);
          const mark = { done: palette.green('✓'), failed: palette.red('✗'), noted: '•' }[kind];
          return say(`${palette.dim(timeOfDay(notice.record.at))} ${mark} ${text}`);
        }
        case 'attempt-started':
          live?.begin(labelOf(notice.step), notice.attempt, notice.at);
          if (transitions && live === null)
            say(
              `${timeOfDay(notice.at.toISOString())} … ${labelOf(notice.step)}${notice.attempt > 1 ? ` (attempt ${notice.attempt})` : ''}`,
            );
          return;
        case 'output':
          return live?.output(notice.line);
        case 'backing-off':
          return say(`  ${labelOf(notice.step)}: attempt ${notice.attempt} begins at ${timeOfDay(notice.until.toISOString())}`);
        case 'watching-lease': {
          const { lease, forMs } = notice;
          return say(
            `  Run ${lease.runId} has a driver (${lease.holder?.user ?? '?'} on ${lease.holder?.host ?? '?'}); watching its heartbeat for ${duration(forMs)}`,
          );
        }
      }
    },
    aside: (write) => (live === null ? write() : live.aside(write)),
    close: () => live?.close(),
  };
}

const REDRAW_MS = 250;
const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';

/** The step with its elapsed time, and the last line of its output. */
class LiveLines {
  #step: { label: string; attempt: number; since: Date; line: string } | null = null;
  #drawn = 0;
  readonly #timer = setInterval(() => this.#draw(), REDRAW_MS).unref();
  readonly #restore = () => this.io.stderr.write(SHOW_CURSOR);

  constructor(private readonly io: Io) {
    // Also when a second Ctrl-C ends the process at once.
    process.once('exit', this.#restore);
    io.stderr.write(HIDE_CURSOR);
  }

  begin(label: string, attempt: number, since: Date): void {
    this.#step = { label, attempt, since, line: '' };
    this.#draw();
  }

  output(line: string): void {
    if (this.#step !== null) this.#step.line = oneLine(line);
  }

  rest(): void {
    this.#step = null;
    this.#erase();
  }

  aside(write: () => void): void {
    this.#erase();
    write();
    this.#draw();
  }

  close(): void {
    clearInterval(this.#timer);
    this.rest();
    process.removeListener('exit', this.#restore);
    this.#restore();
  }

  #draw(): void {
    this.#erase();
    if (this.#step === null) return;
    const { label, attempt, since, line } = this.#step;
    // A terminal that does not know its width says 0.
    const columns = (this.io.stderr.columns || 80) - 1;
    const elapsed = duration(this.io.now().getTime() - since.getTime());
    const lines = [`▸ ${label}  ${elapsed}${attempt > 1 ? `  attempt ${attempt}` : ''}`, ...(line === '' ? [] : [`  ${line}`])];
    this.io.stderr.write(lines.map((text) => `${truncate(text, columns)}\n`).join(''));
    this.#drawn = lines.length;
  }

  #erase(): void {
    if (this.#drawn > 0) this.io.stderr.write(`\u001b[${this.#drawn}A\u001b[0J`);
    this.#drawn = 0;
  }
}

function labelOf(step: string): string {
  return isStep(step) ? STEPS[step].label : step;
}
