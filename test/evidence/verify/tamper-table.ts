import { TAMPER_GROUPS, type TamperCase, type TamperGroup } from './tamper-cases.js';

const BEGIN_MARK = '<!-- table -->';
const END_MARK = '<!-- /table -->';

/** docs/evidence-format.md with its table of tampering made anew between its marks. Throws when it has no marks. */
export function withTamperTable(document: string): string {
  const begin = document.indexOf(BEGIN_MARK);
  const end = document.indexOf(END_MARK);
  if (begin < 0 || end < begin) throw new Error(`the document has no ${BEGIN_MARK} ... ${END_MARK}`);
  const count = TAMPER_GROUPS.reduce((sum, { cases }) => sum + cases.length, 0);
  const tables = [`${count} cases.`, ...TAMPER_GROUPS.map(section)].join('\n\n');
  return `${document.slice(0, begin)}${BEGIN_MARK}\n\n${tables}\n\n${document.slice(end)}`;
}

function section({ title, cases }: TamperGroup): string {
  const head = ['file', 'what is done to it', 'the check that fails'];
  const lines = [head, head.map(() => '---'), ...rows(cases)].map((cells) => `| ${cells.map(cell).join(' | ')} |`);
  return `### ${title}\n\n${lines.join('\n')}`;
}

/** One row for all that is done to a file and found by one check; one for all files to which the same is done. */
function rows(cases: readonly TamperCase[]): string[][] {
  const byFile = grouped(cases, ({ artefact, names = '', check }) => [artefact, names, check].join('\n')).map((same) => ({
    file: `\`${same[0]?.artefact}\``,
    changes: same.map(({ change }) => change).join('; '),
    check: `${same[0]?.names === undefined ? '' : `\`${same[0].names}\`: `}${same[0]?.check}`,
  }));
  return grouped(byFile, ({ changes, check }) => [changes, check].join('\n')).map((same) => [
    same.map(({ file }) => file).join(', '),
    same[0]?.changes ?? '',
    same[0]?.check ?? '',
  ]);
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return [...groups.values()];
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
