import { open, type FileHandle } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { LocalEvidenceLog } from '../../src/evidence/local-evidence-log.js';
import { createRedactor } from '../../src/evidence/redaction.js';

test('a log on a full disk fails at the write, at every later one, and at the close', async () => {
  const log = new LocalEvidenceLog('30_rc_gates.txt', await open('/dev/full', 'w'), createRedactor());
  await expect(log.write('one\n')).rejects.toMatchObject({
    name: 'EvidenceError',
    code: 'WRITE_FAILED',
    file: '30_rc_gates.txt',
  });
  await expect(log.write('two\n')).rejects.toThrow(
    'Evidence could not be written (ENOSPC): "30_rc_gates.txt". Check permissions and free space.',
  );
  await expect(log.close()).rejects.toMatchObject({ code: 'WRITE_FAILED' });
});

/** A file that fails at the first append and would take all the others. */
function failingOnce() {
  const calls: string[] = [];
  const handle = {
    appendFile: (bytes: Uint8Array) => {
      calls.push(`append ${Buffer.from(bytes).toString()}`);
      return calls.length === 1 ? Promise.reject(Object.assign(new Error('I/O'), { code: 'EIO' })) : Promise.resolve();
    },
    sync: () => Promise.resolve(void calls.push('sync')),
    stat: () => Promise.resolve({ size: 0 }),
    close: () => Promise.resolve(void calls.push('close')),
  };
  return { calls, handle: handle as unknown as FileHandle };
}

test('after a write that failed nothing is written any more: a log with a hole would look whole', async () => {
  const { calls, handle } = failingOnce();
  const log = new LocalEvidenceLog('log', handle, createRedactor());
  const failure = {
    code: 'WRITE_FAILED',
    message: 'Evidence could not be written (EIO): "log". Check permissions and free space.',
  };
  await expect(log.write('one\n')).rejects.toMatchObject(failure);
  await expect(log.write('two\n')).rejects.toMatchObject(failure);
  await expect(log.close()).rejects.toMatchObject(failure);
  expect(calls).toEqual(['append one\n', 'close']);
});

test('what the redactor holds back is not written before its line is whole', async () => {
  const calls: string[] = [];
  const handle = {
    appendFile: (bytes: Uint8Array) => Promise.resolve(void calls.push(Buffer.from(bytes).toString())),
    sync: () => Promise.resolve(void calls.push('(sync)')),
    stat: () => Promise.resolve({ size: 7 }),
    close: () => Promise.resolve(void calls.push('(close)')),
  };
  const log = new LocalEvidenceLog('log', handle as unknown as FileHandle, createRedactor());
  await log.write('one');
  await log.write('\ntwo');
  await log.close();
  expect(calls).toEqual(['one\n', 'two', '(sync)', '(close)']);
});
