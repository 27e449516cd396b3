import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, test } from '@jest/globals';
import { EVIDENCE } from '../../src/evidence/layout.js';
import { parseSignOffStatement, signOffStatementText } from '../../src/evidence/sign-off/statement.js';
import { SignOffKey } from '../sign-off-key.js';
import { PilotWorkspace } from './pilot-workspace.js';

const RUN = '20260221T120001Z';
const lead = new SignOffKey('sre@example.com');
const verifier = new SignOffKey('verifier@example.com');
afterAll(() => [lead, verifier].forEach((key) => key.dispose()));

const POLICY = `version: 1
separation: false
allowed_signers: allowed_signers
roles:
  sre-lead: { quorum: 1, minimum_level: ssh-verified }
`;

let pilot: PilotWorkspace;
beforeEach(async () => {
  pilot = new PilotWorkspace();
  pilot.env['PATH'] = process.env['PATH'];
  writeFileSync(join(pilot.directory, 'allowed_signers'), lead.allowed + verifier.allowed);
  writeFileSync(join(pilot.directory, 'cutover.policy.yaml'), POLICY);
  await pilot.cutover('start');
  pilot.completeForm();
  expect((await pilot.cutover('sign-off', RUN, '--as', 'verifier@example.com')).code).toBe(0);
});
afterEach(() => pilot.dispose());

const request = () => join(pilot.directory, 'lead.json');
const signature = () => `${request()}.sig`;
const sign = (...args: string[]) => pilot.cutover('sign', RUN, '--role', 'sre-lead', ...args);
const asLead = (...args: string[]) => sign('--as', 'sre@example.com', ...args);
const respond = () => sign('--response', signature());
const status = async () => JSON.parse((await pilot.cutover('status', RUN, '--json')).stdout);
async function requested(): Promise<string> {
  expect((await asLead('--request', request())).code).toBe(0);
  return readFileSync(request(), 'utf8');
}

test('a lead whose role wants a key does not sign with a name, and is told the commands', async () => {
  const refused = {
    code: 2,
    stderr: expect.stringContaining(
      `cutover sign ${RUN} --role sre-lead --as NAME --sign-with FILE. With one elsewhere: cutover sign ${RUN} --role sre-lead --as NAME --request .cutover/sre-lead-${RUN}.json`,
    ),
  };
  expect(await asLead()).toMatchObject(refused);
  pilot.prompt = () => Promise.resolve(RUN);
  expect(await asLead()).toMatchObject(refused);
  expect(await status()).toMatchObject({ status: 'waiting', countersignatures: [] });
  const { stdout } = await pilot.cutover('status', RUN);
  expect(stdout).toContain(`cutover sign ${RUN} --role sre-lead --as NAME --sign-with FILE`);
  // Of this run alone: the request of an earlier one is there still, and is not written over.
  expect(stdout).toContain(`--request .cutover/sre-lead-${RUN}.json`);
});

test('a lead signs here with a key: the form and the statement are shown, key and level are in the summary', async () => {
  pilot.prompt = () => Promise.resolve(RUN);
  const { code, stderr } = await asLead('--sign-with', lead.file);
  expect(code).toBe(0);
  expect(stderr).toContain('The statement that you sign:');
  expect(stderr).toContain('"role":"sre-lead"');
  expect((await status()).countersignatures).toMatchObject([
    { role: 'sre-lead', level: 'ssh-verified', signature: { principal: 'sre@example.com', fingerprint: lead.fingerprint } },
  ]);
  expect((await pilot.cutover('resume', RUN)).code).toBe(0);
  const summary = readFileSync(pilot.evidence(RUN, EVIDENCE.summary), 'utf8');
  expect(summary).toContain(`| sre@example.com      | 2026-02-21 | ssh-verified ${lead.fingerprint} |`);
});

test('what a lead is to sign on another machine is shown at the terminal, and nothing is to confirm', async () => {
  pilot.prompt = () => Promise.reject(new Error('asked in vain'));
  const { code, stdout, stderr } = await asLead('--request', request());
  expect(code).toBe(0);
  expect(stderr).toMatch(/The finished form.*Status: COMPLETED.*The statement that you sign:\n\n\{"files"/s);
  expect(stdout).toMatch(/Form +dpp\/evidence\/.*55_db_rollback_human_checkpoint\.txt\n/);
});

test('a lead signs on another machine; whoever brings the signature back need not be the lead', async () => {
  const { stdout } = await asLead('--request', request());
  expect(stdout).toContain(`cutover sign ${RUN} --role sre-lead --response ${signature()}`);
  expect(stdout).not.toContain('sign-off 2026');
  const text = readFileSync(request(), 'utf8');
  writeFileSync(signature(), lead.sign(text));
  expect((await respond()).code).toBe(0);
  expect((await status()).countersignatures).toMatchObject([{ signer: 'sre@example.com', signature: { statement: text } }]);
});

test.each<[string, RegExp, object, SignOffKey]>([
  ["another person's key", /it is by a key of verifier@example\.com/, {}, verifier],
  ['another role in the statement', /it says role "engineering-lead", here it is "sre-lead"/, { role: 'engineering-lead' }, lead],
  ['the statement of another run', /--role sre-lead --request FILE/, { run_id: '20260221T120002Z' }, lead],
])('a signature of a lead is refused with %s', async (_what, why, change, key) => {
  const statement = signOffStatementText({ ...parseSignOffStatement(await requested()), ...change });
  writeFileSync(request(), statement);
  writeFileSync(signature(), key.sign(statement));
  expect(await respond()).toMatchObject({ code: 1, stderr: expect.stringMatching(why) });
  expect((await status()).countersignatures).toEqual([]);
});

test('a signature is made in one way, and a statement of before a replay of the pause does not count', async () => {
  expect(await asLead('--sign-with', lead.file, '--request', request())).toMatchObject({ code: 64 });
  writeFileSync(signature(), lead.sign(await requested()));
  await pilot.cutover('replay', RUN, '--from', 'awaitingDbVerification', '--reason', 'once more');
  expect((await pilot.cutover('sign-off', RUN, '--as', 'verifier@example.com')).code).toBe(0);
  expect(await respond()).toMatchObject({ code: 1, stderr: expect.stringMatching(/the pause began in transition \d+/) });
});
