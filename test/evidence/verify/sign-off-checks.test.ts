import { expect, test } from '@jest/globals';
import { NO_POLICY } from '../../../src/config/policy.js';
import { signOffSignatureChecks } from '../../../src/evidence/verify/sign-off-checks.js';
import type { HistorySoFar } from '../../../src/evidence/verify/history-reader.js';
import { signOff } from '../../machine/pilot-facts.js';
import { historyOf } from '../history-example.js';

const [record] = historyOf(signOff.runId, 1);
const nobodySigns = () => Promise.reject(new Error('an asserted sign-off has no signature to verify'));

function checksOf(policy: unknown) {
  const started = record === undefined ? null : { ...record, event: { type: 'STARTED', request: { policy } } };
  const signatures = [
    {
      seq: 9,
      at: '2026-02-21T12:00:00.000Z',
      signed: { ...signOff, level: 'asserted' },
      head: 'f'.repeat(64),
      pausedAt: '2026-02-21T10:00:00.000Z',
    },
  ];
  const history: HistorySoFar = {
    length: 1,
    head: '',
    last: started,
    signedOff: null,
    signatures,
    countersigned: [],
    started,
    fault: null,
  };
  return signOffSignatureChecks(history, nobodySigns);
}

test('an asserted sign-off needs no signature where the policy wants none', async () => {
  expect(await checksOf(NO_POLICY)).toEqual([]);
});

test.each([
  ['none', undefined],
  ['no object', 'x'],
  ['without roles', { allowedSigners: null }],
  ['with a level that nobody knows', { ...NO_POLICY, roles: { ...NO_POLICY.roles, supervisor: { minimumLevel: 'sworn' } } }],
])('a policy that cannot be read (%s) is no policy that wants none', async (_what, policy) => {
  expect(await checksOf(policy)).toMatchObject([{ ok: false, found: expect.stringContaining('cannot be read') }]);
});
