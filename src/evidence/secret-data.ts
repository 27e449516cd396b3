import { isSecret, valueAt, type FoundSecret } from './find-secrets.js';

/** A map `data` or `stringData` that is open. `column`: where its name stands in a line of YAML; null in JSON, where a brace closes it. */
interface OpenMap {
  readonly column: number | null;
  /** Every value counts, not only what reads as base64. */
  readonly everyValue: boolean;
}

/**
 * Finds the values of a Kubernetes Secret: of its maps `data` (base64) and `stringData`, as YAML or JSON, over several lines or on
 * one, also as JSON within JSON (the annotation last-applied-configuration). Two modes: outside of such a map, where a line may open
 * one; and inside, until its brace closes or a line of YAML is indented no deeper than its name.
 *
 * kubectl prints fields in alphabetical order, so `data` comes before `kind`, and a ConfigMap has a `data` too. While the kind is not
 * known, a value of `data` counts when it is base64 of a text, or of as many bytes as a key has. Of a Secret every value counts.
 */
export class SecretData {
  #map: OpenMap | null = null;
  /** In YAML: the values are lines indented deeper than this (a block scalar). */
  #scalarColumn: number | null = null;
  #isSecret = false;
  #sawKind = false;

  /** What is found in whole lines. */
  find(text: string): FoundSecret[] {
    const found: FoundSecret[] = [];
    for (let at = 0; at < text.length;) {
      const lineFeed = text.indexOf('\n', at);
      const end = lineFeed < 0 ? text.length : lineFeed + 1;
      this.#line(text.slice(at, end), at, found);
      at = end;
    }
    return found;
  }

  /** What is found in a part of a line too long to be held; `advance` then says how much of it was done with. */
  look(part: string): FoundSecret[] {
    const [map, scalarColumn, isSecretKind, sawKind] = [this.#map, this.#scalarColumn, this.#isSecret, this.#sawKind];
    const found: FoundSecret[] = [];
    this.#line(part, 0, found);
    [this.#map, this.#scalarColumn, this.#isSecret, this.#sawKind] = [map, scalarColumn, isSecretKind, sawKind];
    return found;
  }

  advance(part: string, length: number): void {
    this.#line(part, 0, [], length);
  }

  #line(line: string, offset: number, found: FoundSecret[], limit = line.length): void {
    const bare = line.replace(/\r?\n$/, '');
    const column = this.#map?.column ?? null;
    if (column !== null && this.#yaml(bare, column, offset, found)) return;
    if (NEW_OBJECT.test(bare)) this.#isSecret = this.#sawKind = false;
    this.#json(line, offset, found, limit);
    if (this.#map !== null) return;
    const opening = OPENING_LINE.exec(bare);
    if (opening === null) return;
    const [, before = '', name = ''] = opening;
    this.#map = { column: before.length, everyValue: this.#everyValue(name) };
    this.#scalarColumn = null;
  }

  /** False where the line does not belong to the map any more. */
  #yaml(line: string, column: number, offset: number, found: FoundSecret[]): boolean {
    if (line.trim() === '') return true;
    const indent = column + (/^[ \t]*/.exec(line.slice(column))?.[0].length ?? 0);
    if (indent === column || !LOG_PREFIX.test(line.slice(0, column))) {
      this.#map = null;
      return false;
    }
    if (this.#scalarColumn !== null && indent <= this.#scalarColumn) this.#scalarColumn = null;
    const entry = this.#scalarColumn === null ? YAML_ENTRY.exec(line.slice(indent)) : null;
    const from = indent + (entry?.[0].length ?? 0);
    if (entry !== null && /^(?:[|>][-+0-9]*)?[ \t]*$/.test(line.slice(from))) this.#scalarColumn = indent;
    else {
      const [, quote = '', value = ''] = /^(["']?)(.*?)\1[ \t]*$/.exec(line.slice(from)) ?? [];
      const start = from + quote.length;
      this.#take(line, { start, end: start + value.length, from: indent, continues: /[^\r\n]/ }, offset, found);
    }
    return true;
  }

  /** Takes the names before `limit` in their order, and the values of the maps that are open or that they open. */
  #json(text: string, offset: number, found: FoundSecret[], limit: number): void {
    for (let at = 0; ;) {
      if (this.#map !== null) {
        at = this.#jsonValues(text, at, offset, found, limit);
        if (this.#map !== null) return;
      }
      NAME.lastIndex = at;
      const match = NAME.exec(text);
      if (match === null || match.index >= limit) return;
      at = NAME.lastIndex;
      const name = match[2] ?? '';
      if (name === 'kind') this.#isSecret = /^\\{0,3}["']?Secret(?:List)?\b/.test(text.slice(at, at + 16));
      else if (name === 'apiVersion') this.#isSecret &&= this.#sawKind;
      else if (text[at] === '{') this.#map = { column: null, everyValue: this.#everyValue(name) };
      this.#sawKind = name === 'kind';
    }
  }

  /** Gives where it ended: behind the closing brace, or at the end of the text, with the map still open. */
  #jsonValues(text: string, from: number, offset: number, found: FoundSecret[], limit: number): number {
    for (let at = from; ;) {
      VALUE_OR_END.lastIndex = at;
      const match = VALUE_OR_END.exec(text);
      if (match === null || match.index >= limit) return text.length;
      if (match[0] === '}') {
        this.#map = null;
        return match.index + 1;
      }
      const value = valueAt(text, match.index + match[0].length);
      this.#take(text, { ...value, from: match.index }, offset, found);
      at = Math.max(value.end, match.index + match[0].length);
    }
  }

  #take(text: string, { start, end, from, continues }: Omit<FoundSecret, 'kind'>, offset: number, found: FoundSecret[]): void {
    const value = text.slice(start, end);
    const counts = this.#map?.everyValue === true ? isSecret(value, 1) : isEncoded(value, end === text.length);
    if (counts) found.push({ kind: KIND, from: offset + from, start: offset + start, end: offset + end, continues });
  }

  #everyValue(name: string): boolean {
    return name === 'stringData' || this.#isSecret;
  }
}

/** A document of YAML, an item of a list, or JSON a line. */
const NEW_OBJECT = /^(?:---(?:[ \t]|$)|[ \t]*- apiVersion:|\{)/;
const KIND = 'kubernetes-secret';
/** What may stand before YAML in a log: `pod-1 | `. No bracket, as a redacted secret has one: it would shift the columns. */
const LOG_PREFIX = /^[^[\]{}"']*$/;
const OPENING_LINE = /^([^[\]{}"'\n]{0,200}?)(?<![\w.-])(data|stringData):[ \t]*$/;
const YAML_ENTRY = /^(?:"[^"]*"|'[^']*'|[^\s:#"'][^:]*):(?:[ \t]+|$)/;
/** A name, quoted or not (also in JSON within JSON), and the colon behind it. */
const NAME = /(?<![\w.-])(\\{0,3}["']|)(kind|apiVersion|data|stringData)\1[ \t]*:[ \t]*/g;
/** The end of an entry's name with the colon behind it, before a value in quotes; or the end of the map. */
const VALUE_OR_END = /\\{0,3}["'][ \t]*:[ \t]*(?=\\{0,3}["'])|\}/g;

/** Base64 of a text, or of as many bytes as a key has. What is cut off may lack its end. */
function isEncoded(value: string, isCut: boolean): boolean {
  const whole = isCut ? value.slice(0, value.length - (value.length % 4)) : value;
  if (whole.length < 8 || whole.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(whole)) return false;
  if (whole.length >= 16 && /[A-Z]/.test(whole) && /[a-z]/.test(whole) && /[0-9+/=]/.test(whole)) return true;
  return /^[\t\n\r\x20-\x7e\x80-\uffff]+$/.test(Buffer.from(whole, 'base64').toString('utf8').replaceAll('\ufffd', '\0'));
}
