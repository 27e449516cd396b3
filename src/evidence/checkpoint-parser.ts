import {
  faultsOf,
  isUnfilled,
  minutesOf,
  otherMethodFault,
  screenshotNames,
  whyNotDeleted,
  type AnswerContext,
} from './checkpoint-answers.js';
import { boxLine, type BoxLine } from './checkpoint-line.js';
import {
  CHECKPOINT_HEADINGS,
  checkpointBoxes,
  type Checkpoint,
  type CheckpointBlank,
  type CheckpointBox,
  type CheckpointField,
  type CheckpointItem,
  type CheckpointMethod,
} from './checkpoint.js';

/** Why a checkpoint is not complete: the line (from 1), the item it belongs to, what is wrong and what to write. */
export interface CheckpointFinding {
  readonly line: number;
  readonly item: CheckpointItem | 'header' | 'status';
  readonly message: string;
}

export type ParsedCheckpoint =
  | { readonly ok: true; readonly checkpoint: Checkpoint }
  | { readonly ok: false; readonly findings: readonly CheckpointFinding[] };

export interface CheckpointParserOptions {
  readonly runId: string;
  /** The screenshots that are there, see `listScreenshots`. */
  readonly screenshots: readonly string[];
  /** Those of the run's site. */
  readonly smokeQueries: readonly string[];
  /** What "not in the future" means. */
  readonly now: Date;
}

/**
 * Reads a checkpoint strictly: it is complete only if the status line says so exactly once, the form is the template's, every
 * box is `[x]`, every blank is filled in with something that can be true. All findings are returned, sorted by line.
 * A byte order mark, CRLF and blanks at line ends are accepted: editors add them.
 */
export function parseCheckpoint(content: string | Uint8Array, options: CheckpointParserOptions): ParsedCheckpoint {
  const text = typeof content === 'string' ? content : new TextDecoder('utf-8').decode(content);
  const { runId, screenshots, smokeQueries, now } = options;
  const form = new FormReader({ screenshots, now, runId }, checkpointBoxes(smokeQueries));
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .entries())
    form.read(index + 1, line);
  return form.result();
}

/** A heading or a box of the form, in its fixed place. */
type Element = { readonly item: CheckpointItem; readonly box: CheckpointBox | null };

function elementsOf(boxes: readonly CheckpointBox[]): readonly Element[] {
  return (Object.keys(CHECKPOINT_HEADINGS) as CheckpointItem[]).flatMap((item) => [
    { item, box: null },
    ...boxes.filter((box) => box.item === item).map((box) => ({ item, box })),
  ]);
}

const DONE = 'Status: COMPLETED';
const LIKE_A_STATUS = /^[^\p{L}\p{N}]*status[^\p{L}\p{N}]*[:=]/iu;
const RUN_ID = /^Run ID:[ \t]*(.*)$/;
const HEADING = /^([A-H])\.(?:[ \t]|$)/;
// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const UNREADABLE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\ufffd]/;

class FormReader {
  readonly #findings: CheckpointFinding[] = [];
  readonly #seen = new Map<Element, number>();
  readonly #elements: readonly Element[];
  readonly #answers = new Map<CheckpointBlank, string>();
  readonly #methods: { line: number; box: CheckpointMethod; text: string }[] = [];
  #lastElement = -1;
  #lastLine = 1;
  #statusLine: number | null = null;
  #runIdLine: number | null = null;

  constructor(
    private readonly context: AnswerContext,
    private readonly boxes: readonly CheckpointBox[],
  ) {
    this.#elements = elementsOf(boxes);
  }

  read(number: number, raw: string): void {
    const line = raw.trimEnd();
    if (line !== '') this.#lastLine = number;
    if (UNREADABLE.test(line))
      this.#fault(number, this.#where, 'the line has a control character, or bytes that are not UTF-8: retype it');
    const runId = RUN_ID.exec(line);
    const heading = HEADING.exec(line);
    const box = boxLine(line, this.boxes);
    if (LIKE_A_STATUS.test(line)) this.#readStatus(number, line);
    else if (runId !== null) this.#readRunId(number, runId[1] ?? '');
    else if (heading !== null) this.#readHeading(number, line, heading[1] as CheckpointItem);
    else if (box !== null) this.#readBox(number, box);
    else if (this.#lastElement >= 0 && line !== '' && !/^(?: {2}|\t)/.test(line)) {
      this.#fault(
        number,
        this.#where,
        'this line is not part of the form: write on the line of the blank, or indent a note by two spaces',
      );
    }
  }

  result(): ParsedCheckpoint {
    this.#checkMissing();
    this.#checkMethods();
    const checkpoint = this.#findings.length === 0 ? this.#checkpoint() : null;
    if (checkpoint !== null) return { ok: true, checkpoint };
    return { ok: false, findings: this.#findings.toSorted((a, b) => a.line - b.line) };
  }

  get #where(): CheckpointItem | 'header' {
    return this.#elements[this.#lastElement]?.item ?? 'header';
  }

  #fault(line: number, item: CheckpointFinding['item'], message: string): void {
    this.#findings.push({ line, item, message });
  }

  #readStatus(number: number, line: string): void {
    if (this.#statusLine !== null)
      this.#fault(number, 'status', `the status is given more than once (first on line ${this.#statusLine})`);
    else if (this.#lastElement >= 0) this.#fault(number, 'status', 'the status line belongs above item A');
    else if (line !== DONE)
      this.#fault(number, 'status', `the line is "${line}"; when everything is done it must be exactly "${DONE}"`);
    this.#statusLine ??= number;
  }

  #readRunId(number: number, found: string): void {
    if (this.#runIdLine !== null)
      this.#fault(number, 'header', `the run id is given more than once (first on line ${this.#runIdLine})`);
    else if (found !== this.context.runId)
      this.#fault(number, 'header', `the run id is "${found}", this run is ${this.context.runId}: use this run's own file`);
    this.#runIdLine ??= number;
  }

  #readHeading(number: number, line: string, item: CheckpointItem): void {
    const wanted = `${item}. ${CHECKPOINT_HEADINGS[item]}`;
    if (line !== wanted) this.#fault(number, item, `the heading was altered: it must be "${wanted}"`);
    this.#place(number, item, null);
  }

  #readBox(number: number, { mark, text, box, answer }: BoxLine): void {
    if (box === null) {
      this.#fault(number, this.#where, `"${text}" is not a line of the form: restore the text that stood behind the box`);
      return;
    }
    if (!this.#place(number, box.item, box)) return;
    if (mark !== 'x' && mark !== ' ') this.#fault(number, box.item, `the box is [${mark}]: write [x]`);
    if ('method' in box) {
      if (mark === 'x') this.#methods.push({ line: number, box, text: answer });
      else if (!isUnfilled(answer)) this.#fault(number, 'B', `"${answer}" is written here, but the box is not ticked`);
      return;
    }
    if (mark === ' ') this.#fault(number, box.item, 'the box is not ticked: write [x] when it is done');
    for (const fault of faultsOf(box.field, answer, this.context)) this.#fault(number, box.item, `${box.label}: ${fault}`);
    this.#answers.set(box, answer);
  }

  /** Whether the element is at its place for the first time. */
  #place(number: number, item: CheckpointItem, box: CheckpointBox | null): boolean {
    const index = this.#elements.findIndex((element) => element.item === item && element.box === box);
    const element = this.#elements[index];
    if (element === undefined) return false;
    const before = this.#seen.get(element);
    if (before !== undefined) {
      this.#fault(number, item, `this line stands in the form twice (first on line ${before})`);
      return false;
    }
    this.#seen.set(element, number);
    if (index < this.#lastElement) this.#fault(number, item, `this line is out of its order: it belongs into item ${item}`);
    this.#lastElement = Math.max(this.#lastElement, index);
    return true;
  }

  #checkMissing(): void {
    if (this.#runIdLine === null) this.#fault(1, 'header', `the line "Run ID: ${this.context.runId}" is missing`);
    if (this.#statusLine === null)
      this.#fault(this.#runIdLine ?? 1, 'status', `the status line is missing: write "${DONE}" when everything is done`);
    for (const element of this.#elements) {
      if (this.#seen.has(element)) continue;
      const heading = this.#elements.find(({ item, box }) => item === element.item && box === null);
      const line = (heading && this.#seen.get(heading)) ?? this.#lastLine;
      const wanted = element.box === null ? `${element.item}. ${CHECKPOINT_HEADINGS[element.item]}` : `[ ] ${element.box.label}`;
      this.#fault(line, element.item, `the line "${wanted}" is missing`);
    }
  }

  #checkMethods(): void {
    const [first, ...others] = this.#methods;
    if (first === undefined) {
      for (const [element, line] of this.#seen) {
        if (element.item === 'B' && element.box === null)
          this.#fault(line, 'B', 'no method is ticked: write [x] at the one that was used');
      }
    }
    for (const { line } of others) this.#fault(line, 'B', `more than one method is ticked (first on line ${first?.line ?? 0})`);
    for (const { line, box, text } of this.#methods) {
      const fault = box.method === 'other' ? otherMethodFault(text) : null;
      if (fault !== null) this.#fault(line, 'B', `other: ${fault}`);
    }
  }

  /** Only called without findings: every answer is there. */
  #checkpoint(): Checkpoint {
    const answers = [...this.#answers];
    const answer = (field: CheckpointField): string => answers.find(([box]) => box.field === field)?.[1] ?? '';
    const method = this.#methods[0];
    if (method === undefined || !('method' in method.box))
      throw new TypeError('parseCheckpoint: no method, and no finding about it');
    return {
      runId: this.context.runId,
      recoveryPoint: answer('recoveryPoint'),
      method: method.box.method,
      otherMethod: method.box.method === 'other' ? method.text : null,
      target: answer('target'),
      smokeQueries: answers
        .filter(([{ field }]) => field === 'smokeQuery')
        .map(([{ label }, result]) => ({ query: label, result })),
      screenshots: screenshotNames(answer('screenshots')),
      durationMinutes: minutesOf(answer('duration')),
      notDeletedBecause: whyNotDeleted(answer('cleanUp')),
      signer: answer('signer'),
      signedOn: answer('signedOn'),
    };
  }
}
