import { describe, expect, test } from '@jest/globals';
import { EvidenceError, notRegular, toEvidenceError } from '../../src/evidence/evidence-error.js';

const failed = (code?: string) => Object.assign(new Error('from the system'), code === undefined ? {} : { code });
const regular = 'Evidence must be a regular file, this is';
const copy = 'Replace it by a copy of its content.';

describe('an error of the file system', () => {
  test.each([
    ['ENOENT', 'read', 'MISSING', 'There is no such evidence file: "a/b". Restore it, or run the step again that writes it.'],
    ['ELOOP', 'write', 'NOT_REGULAR', `${regular} a symbolic link: "a/b". ${copy}`],
    ...['ENOTDIR', 'EISDIR', 'ENXIO'].map((code) => [
      code,
      'read',
      'NOT_REGULAR',
      `${regular} something other than a regular file: "a/b". ${copy}`,
    ]),
    ['EIO', 'read', 'READ_FAILED', 'Evidence could not be read (EIO): "a/b". Check its permissions and the disk.'],
    ['ENOSPC', 'write', 'WRITE_FAILED', 'Evidence could not be written (ENOSPC): "a/b". Check permissions and free space.'],
    [undefined, 'read', 'READ_FAILED', 'Evidence could not be read (unknown error): "a/b". Check its permissions and the disk.'],
  ] as [string | undefined, 'read' | 'write', string, string][])(
    '%s while one tried to %s is %s',
    (system, doing, code, message) => {
      const cause = failed(system);
      expect(toEvidenceError(cause, doing, 'a/b')).toMatchObject({ name: 'EvidenceError', code, file: 'a/b', message, cause });
    },
  );

  test('is told once: what is an EvidenceError already stays as it is', () => {
    const error = new EvidenceError('CHANGED', 'a', 'What happened', 'Do this.');
    expect(toEvidenceError(error, 'write', 'b')).toBe(error);
  });
});

test('what is no regular file says what it is', () => {
  expect(notRegular('a', 'a folder')).toMatchObject({
    code: 'NOT_REGULAR',
    file: 'a',
    message: `${regular} a folder: "a". ${copy}`,
  });
});
