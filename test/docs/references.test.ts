import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Command } from 'commander';
import { CATALOGUE } from '../../src/cli/catalogue.js';
import { defineCommon } from '../../src/cli/command.js';
import { EXIT, READER_GONE_EXIT, SIGNAL_EXIT } from '../../src/cli/exit-codes.js';
import { RUN_VARIABLES } from '../../src/config/settings.js';
import { codeSpans, documents, prose, readParts } from './markdown.js';

const FILES = documents();
/** All that the documents show in code, in blocks and in the text. */
const shown = FILES.flatMap((file) => [
  ...codeSpans(file),
  ...readParts(file).flatMap((part) => ('block' in part ? part.block.text.split('\n') : [])),
]);

test('every command of the command line is in the docs', () => {
  const absent = CATALOGUE.filter(({ name }) => !shown.some((text) => new RegExp(`\\bcutover ${name}\\b`).test(text)));
  expect(absent.map(({ name }) => name)).toEqual([]);
});

test('every command is in the table of the README that says who uses it', () => {
  const table = section('Who uses it');
  expect(CATALOGUE.map(({ name }) => name).filter((name) => !new RegExp(`\\bcutover ${name}\\b`).test(table))).toEqual([]);
});

test('every exit code is in the table of the README', () => {
  const listed = [...section('Exit codes').matchAll(/^\| ([\d, ]+) \|/gm)].flatMap(([, codes = '']) =>
    codes.split(',').map(Number),
  );
  const known = [...Object.values(EXIT), ...Object.values(SIGNAL_EXIT), READER_GONE_EXIT];
  expect(listed.sort()).toEqual(known.sort());
});

test('every variable that changes a run is in the docs', () => {
  expect(RUN_VARIABLES.filter((name) => !shown.some((text) => text.includes(name)))).toEqual([]);
});

describe.each(FILES)('%s', (file) => {
  test('links to what is there', () => {
    const links = [...prose(file).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
    const broken = links.filter((link) => !/^(https?|mailto):/.test(link) && !resolves(file, link));
    expect(broken).toEqual([]);
  });

  test('names only commands and options that there are', async () => {
    const wrong: string[] = [];
    for (const span of codeSpans(file)) {
      const [, name, rest = ''] = /(?:^|\s)cutover ([a-z-]+)(.*)$/.exec(span) ?? [];
      if (name === undefined || span.startsWith('cutover --')) continue;
      const known = await optionsOf(name);
      const given = rest.match(/(?<=\s)--?[a-z][a-z-]*/g) ?? [];
      if (known === null || given.some((option) => !known.includes(option))) wrong.push(span);
    }
    expect(wrong).toEqual([]);
  });

  test('names only error codes that there are', () => {
    const codes = codeSpans(file).filter((span) => /^[A-Z][A-Z0-9]+(_[A-Z0-9]+)+$/.test(span) && !isVariable(span));
    expect(codes.filter((code) => !SOURCE.includes(code))).toEqual([]);
  });

  test('names only files of this repository that there are', () => {
    const paths = codeSpans(file).filter((span) => /^(src|test|scripts|demo|bench|examples)\/\S+$/.test(span));
    // `src/actors/<verb>.ts` stands for all of its folder.
    expect(paths.filter((path) => !existsSync(path.includes('<') ? dirname(path) : path))).toEqual([]);
  });
});

/** A section of the README, by its heading. */
function section(heading: string): string {
  return (
    readFileSync('README.md', 'utf8')
      .split(/^## /m)
      .find((text) => text.startsWith(`${heading}\n`)) ?? ''
  );
}

function resolves(file: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? file : normalize(join(dirname(file), path));
  if (!existsSync(target)) return false;
  return anchor === undefined || headings(target).includes(anchor);
}

/** As GitHub names them. */
function headings(file: string): string[] {
  return [...prose(file).matchAll(/^#+ (.*)$/gm)].map(([, text = '']) =>
    text
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Null when there is no such command. */
async function optionsOf(name: string): Promise<string[] | null> {
  const entry = CATALOGUE.find((candidate) => candidate.name === name);
  if (entry === undefined) return null;
  const command = new Command(name);
  (await entry.load()).define(command);
  defineCommon(command);
  return [
    '--help',
    ...command.options.flatMap(({ long, short }) => [long, short].filter((option) => typeof option === 'string')),
  ];
}

const SOURCE = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => readFileSync(join('src', name), 'utf8'))
  .join('\n');

function isVariable(span: string): boolean {
  return /^(AWS|DPP|CUTOVER|EVIDENCE)_/.test(span);
}
