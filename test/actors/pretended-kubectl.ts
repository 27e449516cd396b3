import { writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { unrecordedOwner, type ProcessOwner } from '../../src/actors/process/run-process.js';

/**
 * An owner for whom kubectl is this shell script: for what the real one says on bad days only, or not fast enough. `folder` is
 * where the script is put, and HOME.
 */
export function pretendKubectl(
  folder: string,
  script: string,
  { env = {}, signal = new AbortController().signal }: { readonly env?: NodeJS.ProcessEnv; readonly signal?: AbortSignal } = {},
): ProcessOwner {
  writeFileSync(join(folder, 'kubectl'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return unrecordedOwner(signal, { PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}`, HOME: folder, ...env });
}
