import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ActorError } from '../../../src/actors/actor.js';
import { findCommand } from '../../../src/actors/process/find-command.js';

let folder: string;
const at = (name: string) => join(folder, name);
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'cutover-find-')));
  for (const name of ['first', 'second', 'folders']) mkdirSync(at(name));
  file('first/plain', 0o644);
  file('first/both', 0o644);
  file('second/both', 0o755);
  file('second/tool', 0o755);
  file('folders/tool', 0o755);
  mkdirSync(at('first/tool'));
  symlinkSync('loop', at('loop'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, mode: number): void {
  writeFileSync(at(name), '#!/bin/sh\n');
  chmodSync(at(name), mode);
}

const find = (name: string, path: string | undefined = `${at('first')}:${at('second')}`) => findCommand(name, path, folder);

describe('a name', () => {
  test('is looked for along the PATH, past folders and files that cannot be run', async () => {
    expect(await find('tool')).toBe(at('second/tool'));
    expect(await find('both')).toBe(at('second/both'));
    expect(await find('tool', `${at('folders')}:${at('second')}`)).toBe(at('folders/tool'));
  });

  test('is looked for from the working directory where the PATH is relative', async () => {
    expect(await find('tool', 'second')).toBe(at('second/tool'));
  });

  test('passes over what is no folder on the PATH, or a loop', async () => {
    expect(await find('tool', `${at('first/plain')}:${at('absent')}:${at('loop')}:${at('second')}`)).toBe(at('second/tool'));
  });

  test('that is nowhere is reported with the PATH', async () => {
    const error = await find('absent', '/a:/b').catch((thrown: unknown) => thrown as ActorError);
    expect(error).toMatchObject({
      code: 'COMMAND_NOT_FOUND',
      message: 'absent is not on the PATH (/a:/b). Install it, or extend the PATH.',
      options: { details: { file: 'absent' } },
    });
  });

  test('is nowhere without a PATH: the working directory is no substitute', async () => {
    file('here', 0o755);
    await expect(findCommand('absent', undefined, folder)).rejects.toMatchObject({
      message: 'absent is not on the PATH (not set). Install it, or extend the PATH.',
    });
    await expect(findCommand('here', undefined, folder)).rejects.toMatchObject({ code: 'COMMAND_NOT_FOUND' });
  });

  test('whose file cannot be run anywhere is reported with the first such file', async () => {
    file('second/plain', 0o644);
    await expect(find('plain')).rejects.toMatchObject({
      code: 'COMMAND_NOT_EXECUTABLE',
      message: `${at('first/plain')} is not executable for this user. Run: chmod +x ${at('first/plain')}`,
      options: { details: { file: at('first/plain'), name: 'plain' } },
    });
  });
});

describe('a path', () => {
  test('is taken from the working directory, and not looked for', async () => {
    expect(await find('second/tool')).toBe(at('second/tool'));
    expect(await find(at('second/tool'))).toBe(at('second/tool'));
    expect(await find('second/../second/tool', undefined)).toBe(at('second/tool'));
  });

  test('to a file that cannot be run says how to change that', async () => {
    await expect(find('first/plain')).rejects.toMatchObject({
      code: 'COMMAND_NOT_EXECUTABLE',
      message: `${at('first/plain')} is not executable for this user. Run: chmod +x ${at('first/plain')}`,
    });
  });

  test.each(['first/absent', 'first/tool', 'loop/tool', 'first/plain/tool'])('to nothing that could be run: %s', async (path) => {
    await expect(find(path)).rejects.toMatchObject({
      code: 'COMMAND_NOT_FOUND',
      message: `${at(path)} does not exist. Restore it, or correct the path.`,
      options: { details: { file: at(path) } },
    });
  });

  test('that the system does not understand is passed on as it is', async () => {
    await expect(find(`./${'x'.repeat(300)}`)).rejects.toMatchObject({ code: 'ENAMETOOLONG' });
  });
});
