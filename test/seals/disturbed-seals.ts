import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { S3 } from '@aws-sdk/client-s3';

const PROCESS = resolve('dist/test/seals/seal-process.js');

export interface Seals {
  readonly url: string;
  readonly bucket: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly count: number;
  /** Objects that are sealed side by side. */
  readonly atOnce: number;
  /** How often the process is killed with SIGKILL. */
  readonly kills: number;
  /** Whole numbers below `sides`. */
  readonly roll: (sides: number) => number;
  /** Called at each request: has the service cut a connection, now and then. */
  readonly disturb: () => void;
}

/** Seals objects in a process that is killed between two of its requests, again and again, and whose connections are cut meanwhile. */
export async function sealDisturbed(seals: Seals): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'seals-'));
  try {
    for (let kills = seals.kills; ; kills -= 1) {
      const lines = kills > 0 ? 1 + seals.roll(Math.ceil((seals.count * 20) / seals.kills)) : Infinity;
      const { exitCode, signal, said } = await sealUntil(seals, join(directory, 'record'), lines);
      if (exitCode === 0) return;
      assert.equal(signal, 'SIGKILL', `a seal failed: ${said}`);
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Every key has exactly one version, the right one under its lock, and nothing in progress that could become another one. */
export async function eachIsLockedOnce(client: S3, bucket: string, count: number): Promise<void> {
  const found: string[] = [];
  let page: { readonly KeyMarker?: string; readonly VersionIdMarker?: string } = {};
  for (;;) {
    const list = await client.listObjectVersions({ Bucket: bucket, Prefix: 'seals/', ...page });
    assert.equal((list.DeleteMarkers ?? []).length, 0);
    for (const { Key = '', VersionId = '' } of list.Versions ?? []) {
      found.push(Key);
      const { Retention } = await client.getObjectRetention({ Bucket: bucket, Key, VersionId });
      assert.equal(Retention?.Mode, 'GOVERNANCE');
      assert.equal(Retention.RetainUntilDate?.toISOString(), '2099-02-21T12:05:00.000Z');
    }
    if (list.IsTruncated !== true) break;
    page = { KeyMarker: list.NextKeyMarker ?? '', VersionIdMarker: list.NextVersionIdMarker ?? '' };
  }
  const expected = Array.from({ length: count }, (_, number) => `seals/${number}/evidence.tar.gz`);
  assert.equal(found.toSorted().join('\n'), expected.toSorted().join('\n'));
  for (const { Key, UploadId } of (await client.listMultipartUploads({ Bucket: bucket })).Uploads ?? []) {
    const { Parts = [] } = await client.listParts({ Bucket: bucket, Key, UploadId });
    assert.equal(Parts.length, 0, `${Key ?? ''} could get a second version`);
  }
}

/** Runs the process, and kills it after so many lines. */
async function sealUntil(seals: Seals, record: string, lines: number) {
  const { url, bucket, credentials, count, atOnce } = seals;
  const options = { url, bucket, record, count, 'at-once': atOnce };
  const keys = { 'access-key': credentials.accessKeyId, 'secret-key': credentials.secretAccessKey };
  const args = Object.entries({ ...options, ...keys }).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = spawn(process.execPath, ['--no-warnings', PROCESS, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  let seen = 0;
  createInterface(child.stdout).on('line', (line) => {
    if (line.startsWith('$')) seals.disturb();
    seen += 1;
    if (seen === lines) child.kill('SIGKILL');
  });
  const [exitCode, signal] = await ended;
  return { exitCode, signal, said };
}

/** Whole numbers below `sides`, the same ones for the same seed. Source: the mulberry32 generator, in the public domain. */
export function dice(seed: number): (sides: number) => number {
  let state = seed | 0;
  return (sides) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % sides;
  };
}
