import type { ChildProcess } from '../../../src/actors/actor.js';
import type { ProcessOwner } from '../../../src/actors/process/run-process.js';

/** An owner that keeps what it was told. */
export function recordingOwner(overrides: Partial<ProcessOwner> = {}) {
  const started: ChildProcess[] = [];
  const ended: ChildProcess[] = [];
  const owner: ProcessOwner = {
    signal: new AbortController().signal,
    env: process.env,
    childStarted: (child) => {
      started.push(child);
      return Promise.resolve();
    },
    childEnded: (child) => {
      ended.push(child);
      return Promise.resolve();
    },
    ...overrides,
  };
  return { owner, started, ended };
}
