import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { withPermissionTable } from '../cli/permission-table.js';
import { withTamperTable } from '../evidence/verify/tamper-table.js';
import { withFaultTables } from '../faults/fault-table.js';
import { documents, readParts } from './markdown.js';

const run = promisify(execFile);
const CLI = resolve('dist/bin/cutover.js');

// Out of date? npm run docs

test.each([
  ['docs/machine.svg', 'svg'],
  ['docs/machine.mmd', 'mermaid'],
])('%s is the machine as it is', async (file, format) => {
  const { stdout } = await run(process.execPath, [CLI, 'graph', '--format', format]);
  expect(stdout.length).toBeGreaterThan(500);
  expect(await readFile(file, 'utf8')).toBe(stdout);
});

test('docs/failure-modes.md is the table that the tests go through', async () => {
  const document = await readFile('docs/failure-modes.md', 'utf8');
  expect(document).toBe(withFaultTables(document));
});

test('docs/evidence-format.md has the table of tampering that the tests go through', async () => {
  const document = await readFile('docs/evidence-format.md', 'utf8');
  expect(document).toBe(withTamperTable(document));
});

test('docs/supervisor-guide.md has the table of permissions that the tests go through', async () => {
  const document = await readFile('docs/supervisor-guide.md', 'utf8');
  expect(document).toBe(withPermissionTable(document));
});

const shownFiles = documents().flatMap((document) => {
  const parts = readParts(document);
  return parts.flatMap((part, index) => {
    const file = 'comment' in part ? /^file: (.*)$/.exec(part.comment)?.[1] : undefined;
    const next = parts[index + 1];
    return file === undefined ? [] : [{ document, file, shown: next !== undefined && 'block' in next ? next.block.text : '' }];
  });
});

test.each(shownFiles)('$document shows $file as it is', async ({ file, shown }) => {
  expect(`${shown}\n`).toBe(await readFile(file, 'utf8'));
});
