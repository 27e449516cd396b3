import leven from 'leven';
import { isMap, LineCounter, parseDocument, type Document } from 'yaml';
import { z } from 'zod';

export interface YamlProblem {
  /** From 1; null where the file as a whole is meant. */
  readonly line: number | null;
  /** As in `roles.supervisor.members`; empty for the whole file. */
  readonly key: string;
  readonly message: string;
}

/** A file of settings that can't be taken as it is: every problem at once, with its line. */
export class YamlFileError extends Error {
  override readonly name = 'YamlFileError';
  readonly code = 'SETTINGS_FILE_INVALID';
  constructor(
    readonly file: string,
    readonly problems: readonly YamlProblem[],
  ) {
    const lines = problems.map(({ line, key, message }) =>
      [file, line === null ? '' : `:${line}`, ': ', key === '' ? '' : `${key}: `, message].join(''),
    );
    super(`${file} cannot be taken as it is; nothing was changed. Mend it:\n${lines.map((line) => `  ${line}`).join('\n')}`);
  }
}

/** What a file of settings says, and on which line (from 1) a key of it stands. */
export interface ReadYaml<Value> {
  readonly value: Value;
  line(path: readonly string[]): number | null;
}

/**
 * Reads YAML 1.2 into the schema's shape. A key that the schema does not know is an error that names the nearest one it knows; so
 * is a key that is there twice, and an alias (a file of settings needs none). Throws `YamlFileError` with every problem found.
 */
export function readYaml<Schema extends z.ZodType>(file: string, text: string, schema: Schema): ReadYaml<z.output<Schema>> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, merge: false, prettyErrors: false });
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) {
    throw new YamlFileError(
      file,
      faults.map(({ pos, message }) => ({ line: lines.linePos(pos[0]).line, key: '', message })),
    );
  }
  const parsed = schema.safeParse(valueOf(document, file) ?? {});
  if (parsed.success) return { value: parsed.data, line: (path) => lineOf(document, lines, path) };
  const known = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  throw new YamlFileError(
    file,
    parsed.error.issues.flatMap((issue) => problems(issue, known, (path) => lineOf(document, lines, path))),
  );
}

function valueOf(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 });
  } catch (error) {
    throw new YamlFileError(file, [{ line: null, key: '', message: (error as Error).message }]);
  }
}

type Path = readonly PropertyKey[];

function problems(
  issue: z.core.$ZodIssue,
  known: z.core.JSONSchema.BaseSchema,
  line: (path: Path) => number | null,
): YamlProblem[] {
  if (issue.code !== 'unrecognized_keys') return [{ line: line(issue.path), key: issue.path.join('.'), message: issue.message }];
  return issue.keys.map((key) => {
    const path = [...issue.path, key];
    return { line: line(path), key: path.join('.'), message: unknownKey(key, keysAt(known, issue.path)) };
  });
}

function unknownKey(key: string, known: readonly string[]): string {
  const nearest = known.toSorted((a, b) => leven(key, a) - leven(key, b))[0];
  const isNear = nearest !== undefined && leven(key, nearest) <= Math.max(2, Math.floor(key.length / 3));
  return isNear ? `is not known; did you mean ${nearest}?` : `is not known; known here: ${known.join(', ')}`;
}

/** Of a JSON Schema, what leads to the keys. */
interface Shape {
  readonly items?: Shape;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly additionalProperties?: Shape;
}

function keysAt(schema: z.core.JSONSchema.BaseSchema, path: Path): string[] {
  const at = path.reduce<Shape | undefined>(
    (shape, step) =>
      typeof step === 'number' ? shape?.items : (shape?.properties?.[String(step)] ?? shape?.additionalProperties),
    schema as Shape,
  );
  return Object.keys(at?.properties ?? {});
}

/** Of the key itself where it can be found, else of what it would be in. */
function lineOf(document: Document, lines: LineCounter, path: Path): number | null {
  for (let length = path.length; length > 0; length -= 1) {
    const parent: unknown = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const key = path[length - 1];
    const pair = isMap(parent) ? parent.items.find((item) => (item.key as { value?: unknown }).value === key) : undefined;
    const node = (pair?.key ?? document.getIn(path.slice(0, length), true)) as { range?: readonly number[] | null } | undefined;
    const offset = node?.range?.[0];
    if (offset !== undefined) return lines.linePos(offset).line;
  }
  return null;
}
