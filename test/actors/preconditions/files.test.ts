import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { environmentOf } from '../../../src/actors/preconditions/environment.js';
import { realFiles } from '../../../src/actors/preconditions/files.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cutover-files-'));
  writeFileSync(join(folder, 'script'), '', { mode: 0o755 });
  writeFileSync(join(folder, 'text'), '', { mode: 0o644 });
  mkdirSync(join(folder, 'below'));
  symlinkSync(join(folder, 'loop'), join(folder, 'loop'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  ['script', true, true],
  ['text', true, false],
  ['below', false, true],
  ['absent', false, false],
  ['script/below', false, false],
  ['loop', false, false],
  ['x'.repeat(300), false, false],
])('%s is there: %j, and may be executed: %j', (name, exists, isExecutable) => {
  const path = join(folder, name);
  expect([realFiles.exists(path), realFiles.isExecutable(path)]).toEqual([exists, isExecutable]);
});

test('a path that is none at all is a fault of ours', () => {
  expect(() => realFiles.exists('\0')).toThrow(/null bytes/);
});

test.each([
  ['https://K8S.staging.example.com/', 'https://k8s.staging.example.com'],
  ['https://k8s.staging.example.com:443//', 'https://k8s.staging.example.com'],
  ['https://k8s.staging.example.com//a/', 'https://k8s.staging.example.com//a'],
  ['10.0.0.1:6443', '10.0.0.1:6443'],
  ['10.0.0.1:6443/', '10.0.0.1:6443'],
])('the environment on %s is that on %s', (server, normal) => {
  expect(environmentOf(server, 'dpp-staging')).toBe(`${normal}/dpp-staging`);
});
