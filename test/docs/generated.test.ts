import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

const run = promisify(execFile);
const CLI = resolve('dist/src/cli/main.js');

// Out of date? npm run docs

test.each([
  ['docs/machine.svg', 'svg'],
  ['docs/machine.mmd', 'mermaid'],
])('%s is the machine as it is', async (file, format) => {
  const { stdout } = await run(process.execPath, [CLI, 'graph', '--format', format]);
  expect(stdout.length).toBeGreaterThan(500);
  expect(await readFile(file, 'utf8')).toBe(stdout);
});
