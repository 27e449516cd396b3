import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/**
 * Bytes that this process still holds on to. Not its resident memory: how much garbage waits there depends on the tests that ran in the
 * process before, and on how busy the machine is.
 */
export function liveMemory(): number {
  // The buffers of the first collection are freed beside it, and have been at the second.
  collectGarbage();
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** How many bytes more were held on to while this was done than before it, at the most. */
export async function mostLiveMemory(work: () => Promise<void>): Promise<number> {
  const before = liveMemory();
  let most: number | null = null;
  // A collection may take a second where the process holds much else: most of the time is the work's.
  const look = () => {
    const began = performance.now();
    most = Math.max(most ?? 0, liveMemory() - before);
    timer = setTimeout(look, 250 + 5 * (performance.now() - began));
  };
  let timer = setTimeout(look, 250);
  try {
    await work();
  } finally {
    clearTimeout(timer);
  }
  if (most === null) throw new Error('the work was done before anything could be seen of it');
  return most;
}
