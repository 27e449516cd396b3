import { expect, test } from '@jest/globals';
import { NO_POLICY } from '../../../src/config/policy.js';
import { expiryChecks } from '../../../src/evidence/verify/expiry-checks.js';
import type { HistorySoFar } from '../../../src/evidence/verify/history-reader.js';
import { historyOf } from '../history-example.js';

const [record] = historyOf('20260221T120000Z', 1);
const PAUSED = '2026-02-21T12:00:00.000Z';

function checksOf(hours: unknown, at: string, pausedAt: string | null = PAUSED) {
  const policy = { ...NO_POLICY, pause: { expiresAfterHours: hours } };
  const started = record === undefined ? null : { ...record, event: { type: 'STARTED', request: { policy } } };
  const signatures = [{ seq: 9, at, signed: {}, head: null, pausedAt }];
  const countersigned: HistorySoFar['countersigned'] = [];
  return expiryChecks({ length: 9, head: '', last: null, signedOff: null, signatures, countersigned, started, fault: null });
}

test('what was signed within the time of the pause is well, and at any time where the gate does not expire', () => {
  expect(checksOf(2, '2026-02-21T13:59:59.999Z')).toMatchObject([{ ok: true, found: 'within 2 hours of the pause' }]);
  expect(checksOf(null, '2036-02-21T12:00:00.000Z')).toMatchObject([{ ok: true, found: 'it does not expire' }]);
});

test.each([
  ['at the very end', '2026-02-21T14:00:00.000Z', PAUSED],
  ['outside of a pause', '2026-02-21T12:00:01.000Z', null],
  ['at a time that cannot be read', 'noon', PAUSED],
  ['in a pause of a time that cannot be read', '2026-02-21T12:00:01.000Z', 'noon'],
])('what was signed %s is not', (_when, at, pausedAt) => {
  expect(checksOf(2, at, pausedAt)).toMatchObject([{ ok: false, found: expect.stringContaining('transition 9: at ') }]);
});

test('a policy that cannot be read is none without an expiry', () => {
  expect(checksOf('two', '2026-02-21T12:00:01.000Z')).toMatchObject([
    { ok: false, found: expect.stringContaining('cannot be read') },
  ]);
});
