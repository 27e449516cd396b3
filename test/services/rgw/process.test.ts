import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { processesWith } from '../../processes.js';
import { startRgw, type RunningRgw } from './start.js';

let rgw: RunningRgw | undefined;
afterEach(async () => {
  await rgw?.stop();
  if (rgw) await rm(rgw.directory, { recursive: true, force: true });
  rgw = undefined;
});

describe('the gateway as processes', () => {
  test('no daemon and no file outlives the process that started it, which is noticed by its closed pipe', async () => {
    rgw = await startRgw();
    expect(daemonsOf(rgw)).toHaveLength(3);
    rgw.shell.stdin?.destroy();
    expect(await once(rgw.shell, 'exit')).toEqual([0, null]);
    expect(daemonsOf(rgw)).toEqual([]);
    expect(existsSync(rgw.directory)).toBe(false);
  }, 60_000);

  test('SIGTERM ends it as cleanly', async () => {
    rgw = await startRgw();
    rgw.shell.kill('SIGTERM');
    expect(await once(rgw.shell, 'exit')).toEqual([143, null]);
    expect(daemonsOf(rgw)).toEqual([]);
    expect(existsSync(rgw.directory)).toBe(false);
  }, 60_000);

  test('not even a SIGKILL of the shell that holds them leaves a daemon behind', async () => {
    rgw = await startRgw();
    rgw.shell.kill('SIGKILL');
    await once(rgw.shell, 'exit');
    while (daemonsOf(rgw).length > 0) await new Promise(setImmediate);
    await expect(fetch(rgw.url)).rejects.toThrow('fetch failed');
  }, 60_000);

  test('without Ceph it says what to install', async () => {
    const { PATH } = process.env;
    process.env.PATH = '/nowhere';
    try {
      await expect(startRgw()).rejects.toThrow(/radosgw.* not found on PATH.*apt-get install .*ceph-mon ceph-osd.* radosgw/);
    } finally {
      process.env.PATH = PATH;
    }
  });
});

/** Pids of what was started with the cluster's configuration, its shell and zombies aside. */
function daemonsOf({ directory, shell }: RunningRgw): number[] {
  return processesWith(`CEPH_CONF=${directory}/ceph.conf\0`).flatMap(({ pid }) => (pid === shell.pid ? [] : [pid]));
}
