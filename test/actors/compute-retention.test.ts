import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { computeRetention, wholeSeconds } from '../../src/actors/compute-retention.js';
import { sealingRun, settings, type SealingRun } from './sealing-context.js';

let run: SealingRun;
beforeEach(async () => {
  run = await sealingRun();
});
afterEach(() => run.end());

test('the retention is now and the days asked for, in whole seconds', async () => {
  expect(await computeRetention({ settings: settings({ retentionDays: 365 }) }, run.context())).toEqual({
    retainUntil: '2027-02-21T12:05:00Z',
    generatedAt: '2026-02-21T12:05:00Z',
  });
});

test('a fraction of a second is cut off, not rounded', () => {
  expect(wholeSeconds(new Date('2026-12-31T23:59:59.999Z'))).toBe('2026-12-31T23:59:59Z');
});
