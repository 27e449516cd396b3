import { writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { unrecordedOwner, type ProcessOwner } from '../../src/actors/process/run-process.js';

interface Pretence {
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
}

/**
 * An owner for whom this command is a shell script: for what the real one says on bad days only, or not fast enough. `folder` is
 * where the script is put, and HOME.
 */
export function pretendCommand(
  folder: string,
  name: 'git' | 'kubectl',
  script: string,
  { env = {}, signal = new AbortController().signal }: Pretence = {},
): ProcessOwner {
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return unrecordedOwner(signal, { PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}`, HOME: folder, ...env });
}

export function pretendKubectl(folder: string, script: string, pretence?: Pretence): ProcessOwner {
  return pretendCommand(folder, 'kubectl', script, pretence);
}
