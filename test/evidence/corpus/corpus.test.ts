import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { judgedSamples, withCorpusTable } from './quality.js';

const DOCUMENT = 'docs/security-model.md';
const short = ({ source, text }: { source: string; text: string }) => `${source}: ${text.slice(0, 160)}`;

test('the table of how well the scan does on the samples of others is current (npm run docs)', async () => {
  const document = readFileSync(DOCUMENT, 'utf8');
  expect(document).toContain('<!-- corpus -->');
  expect(await withCorpusTable(document)).toBe(document);
});

test('both together find what either finds alone', async () => {
  const judged = await judgedSamples();
  expect(judged.filter(({ byBoth, byOurs }) => byOurs && !byBoth).map(short)).toEqual([]);
  expect(judged.filter(({ byBoth, bySecretlint }) => bySecretlint && !byBoth).map(short)).toEqual([]);
});
