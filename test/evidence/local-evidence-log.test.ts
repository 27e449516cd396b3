import { open } from 'node:fs/promises';
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
