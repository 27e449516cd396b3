import { isUnfilled } from './checkpoint-answers.js';
import { boxLine, filledLine } from './checkpoint-line.js';
import { parseCheckpoint, type CheckpointFinding, type CheckpointParserOptions } from './checkpoint-parser.js';
import { BLANK, type CheckpointBlank, type CheckpointBox, type CheckpointMethod } from './checkpoint.js';

/** What the form asks, one after the other: a blank to fill in, or (item B) which of the methods it was. */
export type FormQuestion = CheckpointBlank | { readonly item: 'B'; readonly methods: readonly CheckpointMethod[] };

/** What a form with these boxes asks, and its text with the answers in it. */
export class CheckpointForm {
  readonly questions: readonly FormQuestion[];

  constructor(private readonly boxes: readonly CheckpointBox[]) {
    const methods = boxes.filter((box): box is CheckpointMethod => 'method' in box);
    this.questions = boxes.flatMap((box): FormQuestion[] => {
      if (!('method' in box)) return [box];
      return methods[0] === box ? [{ item: 'B', methods }] : [];
    });
  }

  /** The form with this answer, its box ticked; everything else stays as it is. */
  withAnswer(form: string, question: CheckpointBlank, answer: string): string {
    return changed(form, (line) => (this.#boxOf(line) === question ? filledLine(question, 'x', answer) : line));
  }

  /** The form with this method ticked, and no other one; `description` is for `other`. */
  withMethod(form: string, chosen: CheckpointMethod, description: string): string {
    return changed(form, (line) => {
      const box = this.#boxOf(line);
      if (box === null || !('method' in box)) return line;
      return box === chosen ? filledLine(box, 'x', description) : filledLine(box, ' ', BLANK);
    });
  }

  /** What stands in the form as the answer; empty where nothing does. */
  answerIn(form: string, question: FormQuestion): string {
    for (const line of linesOf(form)) {
      const found = boxLine(line, this.boxes);
      if (found === null || found.box === null) continue;
      if ('methods' in question && 'method' in found.box && found.mark === 'x')
        return found.box.method === 'other' ? `other: ${found.answer}` : found.box.label;
      if (found.box === question && !isUnfilled(found.answer)) return found.answer;
    }
    return '';
  }

  /**
   * What the parser finds wrong with the answer to a question, and nothing else; empty when it is answered well, and where the form has
   * lost or altered the lines, which no answer mends.
   */
  faultsOfAnswer(form: string, question: FormQuestion, options: CheckpointParserOptions): readonly string[] {
    if (!('methods' in question)) {
      const lines = linesOf(form);
      return messages(form, options, ({ line }) => this.#boxOf(lines[line - 1] ?? '') === question);
    }
    const ofMethods = (text: string) => messages(text, options, ({ item }) => item === 'B');
    const [anyMethod] = question.methods;
    const lasting = anyMethod === undefined ? [] : ofMethods(this.withMethod(form, anyMethod, ''));
    return ofMethods(form).filter((message) => !lasting.includes(message));
  }

  #boxOf(line: string): CheckpointBox | null {
    return boxLine(line, this.boxes)?.box ?? null;
  }
}

/** The form with this status; the same where it has no status line. */
export function withStatus(form: string, status: 'PENDING' | 'COMPLETED'): string {
  return changed(form, (line) => (/^Status: (?:PENDING|COMPLETED)[ \t]*$/.test(line) ? `Status: ${status}` : line));
}

function messages(form: string, options: CheckpointParserOptions, isAsked: (finding: CheckpointFinding) => boolean): string[] {
  const parsed = parseCheckpoint(form, options);
  return parsed.ok ? [] : parsed.findings.filter(isAsked).map(({ message }) => message);
}

function linesOf(form: string): string[] {
  return form.split(/\r\n|\n|\r/);
}

/** Line ends stay as the editor left them. */
function changed(form: string, change: (line: string) => string): string {
  return form
    .split(/(\r\n|\n|\r)/)
    .map((part, index) => (index % 2 === 1 ? part : change(part)))
    .join('');
}
