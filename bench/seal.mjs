import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Index, archive and digests of evidence of so many MB, beside `tar -czf` and `sha256sum`. The content is like a log: hexadecimal lines
 * that gzip halves. What the archive is worth to the auditor (every file's digest, checked as it enters) is in our time.
 */
const SIZES_MB = [1, 64, 1024, 4096];
const MAX_MB = 200;

export async function measure() {
  return SIZES_MB.map((mb) => {
    const root = mkdtempSync(join(tmpdir(), 'cutover-bench-'));
    try {
      const directory = join(root, '20260101T000000Z');
      mkdirSync(directory);
      writeLog(join(directory, '30_rc_gates.txt'), mb);
      const theirs = tarSeconds(root);
      const ours = JSON.parse(
        execFileSync(process.execPath, [join(import.meta.dirname, 'seal-once.mjs'), directory], { encoding: 'utf8' }),
      );
      const ratio = ours.seconds / theirs;
      return {
        what: `archive of ${mb.toLocaleString('en')} MB, beside tar and sha256sum (${ours.maxMb.toFixed(0)} MB of memory)`,
        ours: `${ours.seconds.toFixed(2)} s`,
        theirs: `${theirs.toFixed(2)} s`,
        ratio,
        goal: `not slower, < ${MAX_MB} MB`,
        isMet: ratio <= 1 && ours.maxMb < MAX_MB,
      };
    } finally {
      rmSync(root, { recursive: true });
    }
  });
}

function tarSeconds(root) {
  const began = performance.now();
  execFileSync(
    'sh',
    ['-c', 'tar -czf theirs.tar.gz 20260101T000000Z && sha256sum theirs.tar.gz > theirs.sha256 && sync theirs.tar.gz'],
    {
      cwd: root,
    },
  );
  return (performance.now() - began) / 1000;
}

function writeLog(file, mb) {
  const out = openSync(file, 'w');
  try {
    for (let written = 0; written < mb; written += 1) {
      const lines = randomBytes(504 * 1024)
        .toString('hex')
        .replaceAll(/.{63}/g, '$&\n');
      writeSync(out, lines.slice(0, 1024 * 1024).padEnd(1024 * 1024, '.'));
    }
  } finally {
    closeSync(out);
  }
}
