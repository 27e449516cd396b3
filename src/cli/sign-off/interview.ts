import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { InterruptedError } from '../../engine/errors.js';
import { CHECKPOINT_HEADINGS, checkpointBoxes, listScreenshots, type CheckpointBlank } from '../../evidence/checkpoint.js';
import { CheckpointForm, withStatus, type FormQuestion } from '../../evidence/checkpoint-form.js';
import { parseCheckpoint, type CheckpointParserOptions } from '../../evidence/checkpoint-parser.js';
import type { EvidenceDir } from '../../evidence/evidence-dir.js';
import { EVIDENCE } from '../../evidence/layout.js';
import { CheckpointIncompleteError, SignOffLeftError } from '../errors.js';
import type { Io } from '../io.js';
import type { Palette } from '../palette.js';
import { oneLine } from '../table.js';
import { wrap } from '../wrap.js';
import { ITEM_HELP } from './questions.js';
import { ScreenshotError, screenshotsIn, takeScreenshot, type Screenshot } from './screenshots.js';

export interface InterviewOptions {
  readonly runId: string;
  /** Those of the run's site. */
  readonly smokeQueries: readonly string[];
  /** Ask everything again, answered or not. */
  readonly edit: boolean;
  /** The evidence directory as people see it. */
  readonly evidenceDir: string;
  /** Who answers. */
  readonly by: string;
  /** Throws where the run does not wait for this sign-off any more: what it sealed meanwhile is not written to. */
  readonly requireOpen: () => Promise<void>;
  readonly palette: Palette;
}

type Blank = Extract<FormQuestion, CheckpointBlank>;
type Methods = Exclude<FormQuestion, CheckpointBlank>;

/**
 * Goes through the form with the person at the terminal: asks what is not answered well, by the parser's own rules, and writes each
 * answer into the form before it asks the next one, while the run waits for it. The form is the one store of answers: who leaves goes on where he was.
 */
export class Interview {
  readonly #ask: (question: string) => Promise<string>;
  readonly #asked: CheckpointForm;
  readonly #explained = new Set<FormQuestion['item']>();

  constructor(
    private readonly evidence: EvidenceDir,
    private readonly options: InterviewOptions,
    private readonly io: Io,
    prompt: NonNullable<Io['prompt']>,
  ) {
    this.#asked = new CheckpointForm(checkpointBoxes(options.smokeQueries));
    this.#ask = async (question) => {
      const line = await prompt(question);
      if (line === null) throw new SignOffLeftError(options.runId);
      return line.trim();
    };
  }

  /**
   * The finished form, its status `COMPLETED`, which is not yet written: that it is true is confirmed first. Null when the form in the
   * evidence is finished already. Throws what `requireOpen` does, `CheckpointIncompleteError` for what no answer mends, `SignOffLeftError`, `InterruptedError`.
   */
  async finishedForm(): Promise<Buffer | null> {
    const found = await this.#form();
    if (!this.options.edit && parseCheckpoint(found, await this.#rules()).ok) return null;
    // Half-edited answers must not pass for a finished form.
    const pending = withStatus(found, 'PENDING');
    if (pending !== found) await this.#save(pending);
    try {
      this.#say(...this.#introduction());
      for (const [index, question] of this.#asked.questions.entries()) {
        if (this.options.edit || !(await this.#isAnswered(question))) await this.#askFor(question, index + 1);
      }
    } catch (error) {
      if (error instanceof SignOffLeftError || error instanceof InterruptedError)
        this.#say('', ...wrap(`What was answered is kept in ${this.#file}`, 0, this.io.stderr));
      throw error;
    }
    const finished = withStatus(await this.#form(), 'COMPLETED');
    const parsed = parseCheckpoint(finished, await this.#rules());
    if (parsed.ok) return Buffer.from(finished);
    const findings = parsed.findings.map((finding) => ({ file: EVIDENCE.checkpoint, ...finding }));
    const { runId } = this.options;
    throw new CheckpointIncompleteError(runId, this.#file, findings, `cutover sign-off ${runId}`);
  }

  get #file(): string {
    return `${this.options.evidenceDir}/${EVIDENCE.checkpoint}`;
  }

  #introduction(): string[] {
    const { runId } = this.options;
    const text =
      'Each answer is written into the form as soon as it is given. Leave with Ctrl-C or Ctrl-D; the same command goes on.';
    return [`DB restore verification of run ${runId}`, ...wrap(text, 0, this.io.stderr)];
  }

  async #askFor(question: FormQuestion, number: number): Promise<void> {
    const { palette } = this.options;
    const heading = `${question.item}. ${CHECKPOINT_HEADINGS[question.item]}`;
    this.#say('', `${palette.bold(heading)} ${palette.dim(`(${number} of ${this.#asked.questions.length})`)}`);
    if (!this.#explained.has(question.item)) this.#say(...wrap(ITEM_HELP[question.item], 3, this.io.stderr));
    this.#explained.add(question.item);
    if ('methods' in question) return this.#askForMethod(question);
    if (question.field === 'screenshots') return this.#askForScreenshots(question);
    return this.#askForText(question);
  }

  async #askForText(question: Blank): Promise<void> {
    const kept = await this.#proposal(question);
    this.#say(...wrap(`${question.label}:`, 3, this.io.stderr));
    if (kept !== null) this.#say(...wrap(`(Enter takes: ${oneLine(kept)})`, 3, this.io.stderr));
    for (;;) {
      const given = await this.#ask('> ');
      const form = this.#asked.withAnswer(await this.#form(), question, given === '' && kept !== null ? kept : given);
      if (await this.#taken(form, question)) return;
    }
  }

  async #askForMethod(question: Methods): Promise<void> {
    const now = this.#asked.answerIn(await this.#form(), question);
    const isKept = now !== '' && (await this.#isAnswered(question));
    this.#say(...question.methods.map(({ label }, index) => `   ${index + 1} ${label}`));
    if (isKept) this.#say(`   (Enter takes: ${oneLine(now)})`);
    for (;;) {
      const given = await this.#ask('> ');
      if (given === '' && isKept) return;
      const chosen = /^\d$/.test(given) ? question.methods[Number(given) - 1] : undefined;
      if (chosen === undefined) {
        this.#fault(`"${oneLine(given)}" is none of the numbers 1 to ${question.methods.length}`);
        continue;
      }
      const description = chosen.method === 'other' ? await this.#ask('   How> ') : '';
      if (await this.#taken(this.#asked.withMethod(await this.#form(), chosen, description), question)) return;
    }
  }

  async #askForScreenshots(question: Blank): Promise<void> {
    for (;;) {
      const found = await screenshotsIn(this.evidence);
      this.#say(...found.flatMap(shownScreenshot));
      if (found.length > 0)
        await this.#save(this.#asked.withAnswer(await this.#form(), question, found.map(({ name }) => name).join(', ')));
      const path = await this.#ask(found.length === 0 ? 'Path> ' : 'Path of another one (Enter: these are all)> ');
      if (path === '') {
        const faults = [
          ...faultsOfScreenshots(found),
          ...this.#asked.faultsOfAnswer(await this.#form(), question, await this.#rules()),
        ];
        if (faults.length === 0) return;
        this.#fault(...faults);
        continue;
      }
      await this.options.requireOpen();
      try {
        const home = this.io.env['HOME'] ?? homedir();
        await takeScreenshot(this.evidence, resolve(this.io.cwd, path.replace(/^~(?=\/)/, home)), path);
      } catch (error) {
        if (!(error instanceof ScreenshotError)) throw error;
        this.#fault(error.message);
      }
    }
  }

  /** What is there, else what can be known of the person and the day; null where it would not do as an answer. */
  async #proposal(question: Blank): Promise<string | null> {
    const form = await this.#form();
    const known: Partial<Record<Blank['field'], string>> = {
      signer: this.options.by,
      signedOn: this.io.now().toISOString().slice(0, 10),
    };
    const proposed = this.#asked.answerIn(form, question) || known[question.field];
    if (proposed === undefined) return null;
    const faults = this.#asked.faultsOfAnswer(this.#asked.withAnswer(form, question, proposed), question, await this.#rules());
    return faults.length === 0 ? proposed : null;
  }

  async #isAnswered(question: FormQuestion): Promise<boolean> {
    if (this.#asked.faultsOfAnswer(await this.#form(), question, await this.#rules()).length > 0) return false;
    const isOfPictures = 'field' in question && question.field === 'screenshots';
    return !isOfPictures || faultsOfScreenshots(await screenshotsIn(this.evidence)).length === 0;
  }

  /** Kept if it will do, else its faults are shown. */
  async #taken(form: string, question: FormQuestion): Promise<boolean> {
    const faults = this.#asked.faultsOfAnswer(form, question, await this.#rules());
    if (faults.length === 0) await this.#save(form);
    else this.#fault(...faults);
    return faults.length === 0;
  }

  async #rules(): Promise<CheckpointParserOptions> {
    const { runId, smokeQueries } = this.options;
    return { runId, smokeQueries, now: this.io.now(), screenshots: await listScreenshots(this.evidence) };
  }

  async #form(): Promise<string> {
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(await this.evidence.read(EVIDENCE.checkpoint));
  }

  async #save(form: string): Promise<void> {
    await this.options.requireOpen();
    await this.evidence.write(EVIDENCE.checkpoint, form);
  }

  #fault(...faults: readonly string[]): void {
    const { palette } = this.options;
    this.#say(...faults.flatMap((fault) => wrap(oneLine(fault), 3, this.io.stderr).map((line) => palette.red(line))));
  }

  #say(...lines: readonly string[]): void {
    this.io.stderr.write(lines.map((line) => `${line}\n`).join(''));
  }
}

function shownScreenshot({ name, type, size, sha256 }: Screenshot): string[] {
  return [`   ${oneLine(name)}  ${type ?? 'no picture'}, ${size} bytes`, `   sha256 ${sha256}`];
}

function faultsOfScreenshots(found: readonly Screenshot[]): string[] {
  const others = found.filter(({ type }) => type === null);
  return others.map(({ name }) => `${EVIDENCE.screenshots}/${name} is neither PNG, JPEG, WebP nor PDF: remove it`);
}
