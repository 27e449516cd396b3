import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { askForTimestamp } from '../../../src/actors/attestation/timestamp-authority.js';
import type { Policy } from '../../../src/config/policy.js';
import { EVIDENCE } from '../../../src/evidence/layout.js';
import { verifyEvidence } from '../../../src/evidence/verify/verify-evidence.js';
import { LEAD_SIGNS } from '../../machine/pilot-facts.js';
import { SignOffKey } from '../../sign-off-key.js';
import { startTsa } from '../../services/tsa/start.js';
import { directoryToVerify, SealedRun, verifyWith } from './sealed-run.js';
import { TAMPER_GROUPS, type TamperCase } from './tamper-cases.js';
import { TamperedRun } from './tamper.js';

let passed: SealedRun;
let failed: SealedRun;
let signedByKey: SealedRun;
let stamped: SealedRun;
const key = new SignOffKey();
const leadKey = new SignOffKey('sre@example.com');
beforeAll(async () => {
  const tsa = await startTsa();
  const stamp = async (signature: Uint8Array) =>
    (await askForTimestamp(tsa.url, signature, new AbortController().signal)).response;
  const policy: Policy = { ...LEAD_SIGNS, pause: { expiresAfterHours: 48, remindAfterHours: [] } };
  passed = await SealedRun.create({ policy });
  stamped = await SealedRun.create({ policy, tsa: { url: tsa.url, stamp } });
  await tsa.stop();
  failed = await SealedRun.create({ verdict: 'FAIL' });
  signedByKey = await SealedRun.create({ signOffKey: key, leadKey });
});
afterAll(async () => {
  await passed.dispose();
  await stamped.dispose();
  await failed.dispose();
  await signedByKey.dispose();
  key.dispose();
  leadKey.dispose();
});

async function verify(path: string) {
  const { verified, checks } = await verifyEvidence(directoryToVerify(path), verifyWith(), new AbortController().signal);
  return { verified, failures: checks.filter(({ ok }) => !ok) };
}

const SEALED: Readonly<Record<string, () => SealedRun>> = {
  PASS: () => passed,
  FAIL: () => failed,
  'PASS, with a timestamp,': () => stamped,
};
test.each(Object.keys(SEALED))('a run that was sealed as %s is verified as long as nobody tampers with it', async (verdict) => {
  const run = await TamperedRun.of(SEALED[verdict]?.() ?? passed);
  expect(await verify(run.directory)).toEqual({ verified: true, failures: [] });
  await run.dispose();
});

test('a sign-off by a key is verified with the allowed signers of the history; the line names signer and key', async () => {
  const run = directoryToVerify(signedByKey.directory);
  const { verified, checks } = await verifyEvidence(run, verifyWith(), new AbortController().signal);
  const by = `transition ${signedByKey.records.findIndex(({ event }) => event.type === 'SIGNED_OFF') + 1}: verifier@example.com, key ${key.fingerprint}`;
  expect(checks).toContainEqual(expect.objectContaining({ ok: true, expected: by, found: by }));
  expect({ verified, failures: checks.filter(({ ok }) => !ok) }).toEqual({ verified: true, failures: [] });
});

/** Only what is done to a timestamp needs one: to verify it takes longer than all the rest. */
function runOf({ artefact, signedByKey: isSigned, verdict }: TamperCase): SealedRun {
  if (isSigned === true) return signedByKey;
  if (verdict === 'FAIL') return failed;
  return artefact === EVIDENCE.timestamp ? stamped : passed;
}

describe.each(TAMPER_GROUPS)('$title', ({ cases }) => {
  test.each(cases.map((each) => [`${each.artefact}: ${each.change}`, each] as const))('%s', async (_title, each) => {
    const run = await TamperedRun.of(runOf(each));
    try {
      await each.tamper(run);
      const { verified, failures } = await verify(run.directory);
      expect(verified).toBe(false);
      const named = failures.map(({ artefact, what }) => `${artefact}: ${what}`);
      expect(named).toContain(`${each.names ?? each.artefact}: ${each.check}`);
    } finally {
      await run.dispose();
    }
  });
});
