import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { HeadBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

const built = (name: string) => fileURLToPath(new URL(`../../../dist/test/services/${name}/main.js`, import.meta.url));

let directory: string;
const children: ChildProcess[] = [];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 's3-stand-in-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  }
  await rm(directory, { recursive: true });
});

function run(name: 's3' | 'staging', flags: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [built(name), ...flags], { stdio: ['pipe', 'pipe', 'pipe'] });
  children.push(child);
  return child;
}

/** The one line that says it is ready. */
async function ready(child: ChildProcess): Promise<{ url: string; port: number }> {
  if (!child.stdout) throw new Error('the stand-in has no stdout');
  for await (const line of createInterface(child.stdout)) return JSON.parse(line) as { url: string; port: number };
  throw new Error('the stand-in ended without its line');
}

const s3Flags = () => {
  const keys = ['--access-key', 'key', '--secret-key', 'secret'];
  return [
    '--bucket',
    'worm',
    '--data',
    join(directory, 'data'),
    '--log',
    join(directory, 'log'),
    '--region',
    'eu-west-1',
    ...keys,
  ];
};

describe('a stand-in as a process', () => {
  test('S3 says where it listens, answers, logs, and ends when its stdin is closed', async () => {
    const child = run('s3', [...s3Flags(), '--port', '0', '--max-seconds', '60']);
    const { url, port } = await ready(child);
    expect(url).toBe(`http://127.0.0.1:${port}`);
    const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' };
    const client = new S3Client({ endpoint: url, region: 'eu-west-1', forcePathStyle: true, credentials });
    await client.send(new HeadBucketCommand({ Bucket: 'worm' }));
    client.destroy();
    child.stdin?.end();
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(JSON.parse(await readFile(join(directory, 'log'), 'utf8'))).toMatchObject({ operation: 'HeadBucket', status: 200 });
  });

  test.each(['s3', 'staging'] as const)('%s ends at SIGTERM, a hanging request or not', async (name) => {
    const child = run(name, name === 's3' ? s3Flags() : []);
    const { url } = await ready(child);
    await fetch(`${url}/__control`, { method: 'POST', body: JSON.stringify({ faults: [{ hang: true }] }) });
    const hanging = fetch(`${url}/worm/key`).then(
      () => 'answered',
      () => 'broken',
    );
    const asked = async () => ((await (await fetch(`${url}/__control`)).json()) as { requests: unknown[] }).requests.length;
    while ((await asked()) === 0) await new Promise(setImmediate);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(await hanging).toBe('broken');
  });

  test('staging ends after its seconds', async () => {
    const child = run('staging', ['--max-seconds', '1']);
    await ready(child);
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  test('a missing or unknown flag is exit 64 and is named', async () => {
    const child = run('s3', ['--bucket', 'worm']);
    const [said] = (await once(child.stderr ?? child, 'data')) as [Buffer];
    expect(said.toString()).toContain('--data');
    expect(await once(child, 'exit')).toEqual([64, null]);
  });
});
