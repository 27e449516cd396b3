import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { transformSync } from '@swc/core';

const ROOT = resolve(import.meta.dirname, '../..');

/** Compiles these folders of the repository into `target`, so that plain node can run them: returns the new root. */
export function compileSources(target: string, folders: readonly string[]): string {
  for (const folder of folders) {
    for (const name of readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })) {
      if (name.endsWith('.ts') && !name.endsWith('.test.ts')) compile(join(folder, name), target);
    }
  }
  writeFileSync(join(target, 'package.json'), '{"type":"module"}');
  symlinkSync(join(ROOT, 'node_modules'), join(target, 'node_modules'));
  return target;
}

function compile(name: string, target: string): void {
  const output = join(target, name.replace(/\.ts$/, '.js'));
  mkdirSync(dirname(output), { recursive: true });
  const { code } = transformSync(readFileSync(join(ROOT, name), 'utf8'), {
    filename: name,
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    module: { type: 'es6' },
  });
  writeFileSync(output, code);
}
