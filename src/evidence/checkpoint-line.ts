import type { CheckpointBox } from './checkpoint.js';

/** A line of the form that begins with a box. */
export interface BoxLine {
  /** What stands between the brackets. */
  readonly mark: string;
  /** All that stands behind them. */
  readonly text: string;
  /** Null: the text is no line of the form. */
  readonly box: CheckpointBox | null;
  readonly answer: string;
}

/** A line of a form with these boxes; null where it has none. */
export function boxLine(line: string, boxes: readonly CheckpointBox[]): BoxLine | null {
  const [, mark, text] = /^[ \t]*\[([^\]]*)\][ \t]*(.*)$/.exec(line) ?? [];
  if (mark === undefined || text === undefined) return null;
  const box = boxes.find((candidate) => answerTo(candidate, text) !== null) ?? null;
  return { mark, text, box, answer: box === null ? '' : (answerTo(box, text) ?? '').trim() };
}

/** The line as a person fills it in. */
export function filledLine(box: CheckpointBox, mark: 'x' | ' ', answer: string): string {
  return `[${mark}] ${hasBlank(box) ? `${box.label}: ${answer}` : box.label}`;
}

/** What is written behind a box's label, or null if the text is not that box's. */
function answerTo(box: CheckpointBox, text: string): string | null {
  if (!hasBlank(box)) return text === box.label ? '' : null;
  return text.startsWith(`${box.label}:`) ? text.slice(box.label.length + 1) : null;
}

function hasBlank(box: CheckpointBox): boolean {
  return !('method' in box) || box.method === 'other';
}
