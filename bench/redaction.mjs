import { Buffer } from 'node:buffer';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createRedactor } from '../dist/src/evidence/redaction.js';
import { scanContent } from '../dist/src/evidence/secret-scan.js';
import { loadSecretlint } from '../dist/src/evidence/secretlint.js';
import { median } from './ten-steps.mjs';

/**
 * Redacting and scanning a log, a secret in every thousandth line, as it comes: in chunks of 64 KiB. Beside redacting, `sed -E` with
 * those of our expressions that it can say, which is a third of them and none of the rules over several lines. Beside scanning,
 * secretlint's rules alone on the same windows.
 */
const MB = 32;
const CHUNK = 64 * 1024;
const WINDOW = 256 * 1024;
const ROUNDS = 5;
const SED = [
  '(AKIA|ASIA)[A-Z0-9]{16}',
  'gh[pousr]_[A-Za-z0-9]{36,}',
  'glpat-[A-Za-z0-9_-]{20,}',
  'npm_[A-Za-z0-9]{36,}',
  'xox[abeoprs]-[A-Za-z0-9-]{10,}',
  '(sk|rk)_(live|test)_[A-Za-z0-9]{16,}',
  'AIza[A-Za-z0-9_-]{35}',
  'eyJ[A-Za-z0-9_-]{8,}\\.eyJ[A-Za-z0-9_-]{8,}(\\.[A-Za-z0-9_-]+)*',
  '://[^ /:@]*:[^ /]+@',
  '(password|passwd|secret|token|api[_-]?key)["\']?[ \\t]*[:=][ \\t]*[^ ]{8,}',
];

export async function measure() {
  const directory = mkdtempSync(join(tmpdir(), 'cutover-bench-'));
  try {
    const log = logOf(MB);
    const file = join(directory, 'log.txt');
    writeFileSync(file, log);
    const lint = await loadSecretlint();
    const times = { redact: [], sed: [], scan: [], secretlint: [] };
    // By turns: a machine that is slow for a while is so for all.
    for (let round = 0; round < ROUNDS; round += 1) {
      times.redact.push(await seconds(() => redacted(log)));
      times.sed.push(await seconds(() => sed(file)));
      times.scan.push(await seconds(() => scanContent('log.txt', Readable.from(chunks(log)), [])));
      times.secretlint.push(await seconds(() => linted(log, lint)));
    }
    return [
      row('redacting a log', 'sed with a third of the rules', times.redact, times.sed),
      row('scanning a log', "secretlint's rules alone", times.scan, times.secretlint),
    ];
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function row(what, peer, ours, theirs) {
  const rate = (times) => MB / median(times);
  return {
    what: `${what}, beside ${peer}`,
    ours: `${rate(ours).toFixed(0)} MB/s`,
    theirs: `${rate(theirs).toFixed(0)} MB/s`,
    ratio: rate(ours) / rate(theirs),
    goal: '-',
    isMet: null,
  };
}

function redacted(log) {
  const redactor = createRedactor();
  for (const chunk of chunks(log)) redactor.push(chunk);
  redactor.flush();
}

function sed(file) {
  const script = SED.map((expression) => `s#${expression}#[REDACTED]#g`).join(';');
  const { status, stderr } = spawnSync('sed', ['-E', script, file], { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
  if (status !== 0) throw new Error(`sed ended with ${status}: ${stderr}`);
}

async function linted(log, lint) {
  for (let at = 0; at < log.length; at += WINDOW) await lint(log.toString('utf8', at, at + WINDOW));
}

function* chunks(log) {
  for (let at = 0; at < log.length; at += CHUNK) yield log.subarray(at, at + CHUNK);
}

function logOf(mb) {
  const lines = [];
  for (let size = 0, n = 0; size < mb * 1024 * 1024; n += 1) {
    const says =
      n % 1000 === 7
        ? `token=AKIA${'Q7Z2'.repeat(4)}`
        : `GET /v1/items/${n}?page=2 200 in ${n % 97} ms sha256=${'ab12'.repeat(8)}`;
    const line = `2026-02-21T12:00:00Z INFO  [worker-${n % 8}] tests/test_orders.py::test_total_${n} ${says}\n`;
    lines.push(line);
    size += line.length;
  }
  return Buffer.from(lines.join('')).subarray(0, mb * 1024 * 1024);
}

async function seconds(work) {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}
