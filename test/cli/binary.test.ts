import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CATALOGUE } from '../../src/cli/catalogue.js';
import { PROGRAM_VERSION } from '../../src/config/program-version.js';
import { compileSources } from '../store/compiled-sources.js';

/** Tells each module that is loaded on stderr. */
const TELL_MODULES = `data:text/javascript,${encodeURIComponent(
  `import { register } from 'node:module'; register('data:text/javascript,' + encodeURIComponent("export async function load(url, context, next) { process._rawDebug('LOADED ' + url); return next(url, context); }"));`,
)}`;

describe('the binary', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'cutover-binary-'));
  let main: string;
  beforeAll(() => {
    main = join(compileSources(join(scratch, 'build'), ['src']), 'src/cli/main.js');
  });
  afterAll(() => rmSync(scratch, { recursive: true }));

  const cutover = (args: readonly string[], node: readonly string[] = []) =>
    spawnSync(process.execPath, [...node, main, ...args], { cwd: scratch, encoding: 'utf8', env: { PATH: process.env['PATH'] } });

  test('the version is the one of the package', () => {
    const { version } = JSON.parse(readFileSync(resolve(import.meta.dirname, '../../package.json'), 'utf8')) as {
      version: string;
    };
    expect(PROGRAM_VERSION).toBe(version);
    expect(cutover(['--version'])).toMatchObject({ status: 0, stdout: `${version}\n` });
  });

  test('--help and --version load nothing heavy', () => {
    for (const word of ['--help', '--version']) {
      const { stderr } = cutover([word], ['--import', TELL_MODULES]);
      expect(stderr).toContain('LOADED ');
      expect(stderr).not.toMatch(/better-sqlite3|xstate|zod|@aws-sdk|pino|archiver|graphviz/);
    }
  });

  test.each(CATALOGUE.map(({ name }) => name))('%s --help has examples, --db, --json and --no-color', (name) => {
    const { status, stdout } = cutover([name, '--help']);
    expect(status).toBe(0);
    for (const part of ['Examples:', `$ `, '--db <file>', '--json', '--no-color']) expect(stdout).toContain(part);
  });

  test.each([
    [['nope'], "'nope'"],
    [['status', '--nope'], "'--nope'"],
    [['status', 'a', 'b'], "'status'"],
    [['resume'], "'run'"],
    [['list', '--limit', 'many'], '"many"'],
    [['graph', '--format', 'png'], '"png"'],
  ])('%j is a usage error that names what is wrong', (args, named) => {
    const { status, stderr } = cutover(args);
    expect(status).toBe(64);
    expect(stderr).toContain(named);
    expect(stderr).not.toContain('    at ');
  });

  test('a reader that goes away ends it quietly', () => {
    const { status, stderr } = spawnSync(
      'bash',
      ['-c', `set -o pipefail; "$0" "$1" explain | head -1 > /dev/null`, process.execPath, main],
      {
        cwd: scratch,
        encoding: 'utf8',
      },
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  test('output that cannot be written is told in one line, and is no success', () => {
    const { status, stderr } = spawnSync('bash', ['-c', '"$0" "$1" explain > /dev/full', process.execPath, main], {
      cwd: scratch,
      encoding: 'utf8',
    });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^cutover: the output could not be written: .*ENOSPC.*\n$/);
  });

  test('a command that fails leaves nothing behind', () => {
    expect(cutover(['list'])).toMatchObject({ status: 1 });
    expect(readdirSync(scratch)).toEqual(['build']);
  });
});
