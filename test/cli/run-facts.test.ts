import { expect, test } from '@jest/globals';
import { NO_POLICY } from '../../src/config/policy.js';
import { contextOf } from '../../src/cli/run-facts.js';
import { missingSignatures, signaturesOf } from '../../src/machine/signatures.js';
import { PilotRun } from '../machine/pilot-run.js';

const run = PilotRun.start().to('awaitingDbVerification');

test('a run of this version is what its snapshot says', () => {
  expect(contextOf({ snapshot: run.last.snapshot })).toBe(run.context);
});

const without = (value: object, ...names: string[]) =>
  Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)));

test('a run of an earlier version, which knew of no policy, can be looked at', () => {
  const request = without(run.context.request, 'policy', 'policyFile', 'again', 'site', 'channels', 'configFile', 'origins');
  const people = ['drivers', 'countersignatures', 'signers', 'acceptedDrift', 'claim', 'pause'];
  const context = without(run.abandon().context, ...people);
  const exceptions = run.abandon().context.exceptions.map((exception) => without(exception, 'reviewBy'));
  const earlier = contextOf({ snapshot: { ...run.last.snapshot, context: { ...context, exceptions, request } } });
  expect(earlier.request).toMatchObject({ ...request, policy: NO_POLICY });
  expect(earlier).toMatchObject({ claim: null, pause: null, exceptions: [{ reviewBy: 'not recorded' }] });
  expect([missingSignatures(earlier), signaturesOf(earlier)]).toEqual([[{ role: 'db-restore-verifier', missing: 1 }], []]);
});
