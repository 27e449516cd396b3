import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ContentScanner } from '../../../src/evidence/content-scanner.js';
import { loadSecretlint, type Linter } from '../../../src/evidence/secretlint.js';

/** A sample of another project: whether it holds a secret, by that project's own tests. */
export interface Sample {
  readonly source: string;
  readonly kind: string;
  readonly secret: boolean;
  readonly text: string;
}

export interface Judged extends Sample {
  readonly bySecretlint: boolean;
  readonly byOurs: boolean;
  readonly byBoth: boolean;
}

const NOTHING: Linter = () => Promise.resolve([]);

export async function judgedSamples(): Promise<Judged[]> {
  const lint = await loadSecretlint();
  const judged: Judged[] = [];
  for (const sample of samples()) {
    const bySecretlint = (await lint(sample.text)).length > 0;
    const [byOurs, byBoth] = [await finds(sample.text, NOTHING), await finds(sample.text, lint)];
    judged.push({ ...sample, bySecretlint, byOurs, byBoth });
  }
  return judged;
}

const BEGIN = '<!-- corpus -->';
const END = '<!-- /corpus -->';

/** The document with the table between its markers as the samples are judged now. */
export async function withCorpusTable(document: string): Promise<string> {
  const table = tableOf(await judgedSamples());
  return document.replace(new RegExp(`${BEGIN}[^]*?${END}`), `${BEGIN}\n\n${table}\n\n${END}`);
}

function tableOf(judged: readonly Judged[]): string {
  const kinds = [...new Set(judged.map(({ kind }) => kind))];
  const rows = [...kinds.map((kind) => [kind, judged.filter((one) => one.kind === kind)] as const), ['All', judged] as const];
  return [
    '| kind | samples with a secret | found by secretlint alone | by our rules alone | by both together | samples without | false alarms of both together |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows.map(([kind, all]) => {
      const [secret, none] = [all.filter((one) => one.secret), all.filter((one) => !one.secret)];
      const found = (by: 'bySecretlint' | 'byOurs' | 'byBoth', of = secret) => of.filter((one) => one[by]).length;
      const figures = [
        secret.length,
        found('bySecretlint'),
        found('byOurs'),
        found('byBoth'),
        none.length,
        found('byBoth', none),
      ];
      return `| ${[kind, ...figures].join(' | ')} |`;
    }),
  ].join('\n');
}

async function finds(text: string, lint: Linter): Promise<boolean> {
  let found = false;
  const scanner = new ContentScanner(Buffer.from(text), { known: [], lint }, () => (found = true));
  await scanner.push(Buffer.from(text));
  await scanner.end();
  return found;
}

function samples(): Sample[] {
  const file = join(process.cwd(), 'test/evidence/corpus/samples.json');
  const stored = JSON.parse(readFileSync(file, 'utf8')) as Sample[];
  return stored.map((sample) => ({ ...sample, text: Buffer.from(sample.text, 'base64').toString('utf8') }));
}
