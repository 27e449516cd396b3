import { afterEach, describe, expect, test } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

/** The built program; `rootDir` of the build is the repository. */
const MAIN = resolve('dist/test/services/kubernetes/main.js');

describe('the stand-in as a process', () => {
  const started: ChildProcess[] = [];
  afterEach(() => started.splice(0).forEach((child) => child.kill('SIGKILL')));

  async function start(...args: string[]) {
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
    started.push(child);
    const ended = once(child, 'exit');
    const first = await Promise.race([once(createInterface(child.stdout), 'line'), ended]);
    const ready = JSON.parse(String(first[0])) as { url: string; port: number };
    return { child, ended, ready };
  }

  test('says where it listens, writes the kubeconfig and the log, and ends on SIGTERM', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'staging-cluster-'));
    const [kubeconfig, log] = [join(directory, 'kubeconfig'), join(directory, 'log.ndjson')];
    const { child, ended, ready } = await start('--kubeconfig-out', kubeconfig, '--context', 'other-staging', '--log', log);
    expect(ready.url).toBe(`http://127.0.0.1:${ready.port}`);
    expect((await fetch(`${ready.url}/version`)).status).toBe(200);
    const text = await readFile(kubeconfig, 'utf8');
    expect(text).toContain(`server: ${ready.url}`);
    expect(text).toContain('current-context: other-staging');
    // The line is written after the answer.
    while (!(await readFile(log, 'utf8').catch(() => '')).includes('"url":"/version"')) await delay(5);
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    await rm(directory, { recursive: true });
  });

  test('does not outlive the pipe that its parent holds', async () => {
    const { child, ended } = await start();
    child.stdin!.end();
    expect(await ended).toEqual([0, null]);
  });

  test('ends after its time', async () => {
    const { ended } = await start('--max-seconds', '1');
    expect(await ended).toEqual([0, null]);
  });
});
