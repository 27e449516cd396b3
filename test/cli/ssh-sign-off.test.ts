import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { EVIDENCE } from '../../src/evidence/layout.js';
import { parseSignOffStatement, signOffStatementText } from '../../src/evidence/sign-off/statement.js';
import { SignOffKey } from '../sign-off-key.js';
import { PilotWorkspace } from './pilot-workspace.js';

const RUN = '20260221T120001Z';
const verifier = new SignOffKey('verifier@example.com');
const colleague = new SignOffKey('colleague@example.com');
const stranger = new SignOffKey('verifier@example.com');
afterAll(() => [verifier, colleague, stranger].forEach((key) => key.dispose()));

const POLICY = `version: 1
separation: false
allowed_signers: allowed_signers
roles:
  db-restore-verifier:
    minimum_level: ssh-verified
`;

describe('a sign-off by a key', () => {
  let pilot: PilotWorkspace;
  beforeEach(async () => {
    pilot = new PilotWorkspace();
    pilot.env['PATH'] = process.env['PATH'];
    writeFileSync(join(pilot.directory, 'allowed_signers'), verifier.allowed + colleague.allowed);
    writeFileSync(join(pilot.directory, 'cutover.policy.yaml'), POLICY);
    expect((await pilot.cutover('start')).code).toBe(2);
    pilot.completeForm();
  });
  afterEach(() => pilot.dispose());

  const request = () => join(pilot.directory, 'sign-off.json');
  const signature = () => `${request()}.sig`;
  const signOff = (...args: string[]) => pilot.cutover('sign-off', RUN, ...args);
  const asVerifier = (...args: string[]) => signOff('--as', 'verifier@example.com', ...args);
  const requested = async () => {
    expect((await asVerifier('--request', request())).code).toBe(0);
    return readFileSync(request(), 'utf8');
  };
  const respond = () => signOff('--response', signature());
  const status = async () => JSON.parse((await pilot.cutover('status', RUN, '--json')).stdout);

  test('is needed where the policy says so: neither a name nor the edited form will do, and the commands are named', async () => {
    const refused = {
      code: 2,
      stderr: expect.stringMatching(/wants .* ssh-verified.*--sign-with FILE.*--request/s),
    };
    expect(await asVerifier()).toMatchObject(refused);
    expect(await pilot.cutover('resume', RUN)).toMatchObject(refused);
    expect(await pilot.cutover('run', '--seal-only')).toMatchObject({ code: 64 });
    pilot.prompt = () => Promise.resolve(RUN);
    expect(await signOff()).toMatchObject(refused);
    expect((await status()).sign_off).toBeNull();
    const { stdout } = await pilot.cutover('status', RUN);
    expect(stdout).toContain(`cutover sign-off ${RUN} --as NAME --sign-with FILE`);
    expect(stdout).toContain(`--request .cutover/sign-off-${RUN}.json`);
    expect(stdout).not.toContain(`cutover resume ${RUN}`);
  });

  test('is asked for from another machine, and brought back: statement, signature, principal and fingerprint are recorded', async () => {
    const { stdout } = await asVerifier('--request', request());
    expect(stdout).toContain(`ssh-keygen -Y sign -f KEY -n sign-off@cutover ${request()}`);
    expect(stdout).toContain(`cutover sign-off ${RUN} --response ${signature()}`);
    expect(stdout).toMatch(/Form +dpp\/evidence\/.*55_db_rollback_human_checkpoint\.txt\n\nThe signer, .*, reads that form/);
    const text = readFileSync(request(), 'utf8');
    expect(text).toMatch(/^\{"files":.*\}\n$/);
    const { head, seq } = await status();
    expect(parseSignOffStatement(text)).toMatchObject({ run_id: RUN, name: 'verifier@example.com', head, seq });
    // Between the two others may say something.
    await pilot.cutover('claim', RUN, '--as', 'verifier@example.com');
    writeFileSync(signature(), verifier.sign(text));
    expect(await respond()).toMatchObject({
      code: 0,
      stderr: expect.stringContaining(`signed by verifier@example.com, 2026-02-21, ssh-verified ${verifier.fingerprint}`),
    });
    expect((await status()).sign_off).toMatchObject({
      seq,
      level: 'ssh-verified',
      signature: { statement: text, principal: 'verifier@example.com', fingerprint: verifier.fingerprint },
    });
    expect((await pilot.cutover('resume', RUN)).code).toBe(0);
    const summary = readFileSync(pilot.evidence(RUN, EVIDENCE.summary), 'utf8');
    expect(summary).toContain(`| verifier@example.com | 2026-02-21 | ssh-verified ${verifier.fingerprint} |`);
  });

  test('is made here with --sign-with, in one go', async () => {
    expect((await asVerifier('--sign-with', verifier.file, '--and-resume')).code).toBe(0);
    expect((await status()).sign_off).toMatchObject({ level: 'ssh-verified' });
  });

  test.each<[string, RegExp, () => Promise<unknown>]>([
    ['a key that is not listed', /no allowed signer has its key/, async () => stranger.sign(await requested())],
    ["another person's key", /it is by a key of colleague@example\.com/, async () => colleague.sign(await requested())],
    [
      'a signature of another text',
      /not one of verifier@example\.com over this statement/,
      async () => verifier.sign(`${await requested()} `),
    ],
    ['a signature for another purpose', /not one of verifier@example\.com/, async () => verifier.sign(await requested(), 'file')],
    ['no signature', /no allowed signer has its key/, async () => `${(await requested()).length}`],
  ])('is refused with %s', async (_what, why, sign) => {
    writeFileSync(signature(), (await sign()) as string);
    expect(await respond()).toMatchObject({ code: 1, stderr: expect.stringMatching(why) });
    expect((await status()).status).toBe('waiting');
  });

  test.each<[string, RegExp, object]>([
    ['of another run', /its statement is of run 20260221T120002Z/, { run_id: '20260221T120002Z' }],
    ['of a transition before the pause', /the pause began in transition 9, after transition 3/, { seq: 3 }],
    ['of another history', /is none of its present pause/, { head: 'a'.repeat(64) }],
    ['by another name than the form', /it says signer "colleague@example.com"/, { name: 'colleague@example.com' }],
    ['with another meaning', /it says meaning "Well\."/, { meaning: 'Well.' }],
  ])('is refused when its statement is %s', async (_what, why, change) => {
    const statement = signOffStatementText({ ...parseSignOffStatement(await requested()), ...change });
    writeFileSync(request(), statement);
    writeFileSync(signature(), ('name' in change ? colleague : verifier).sign(statement));
    expect(await respond()).toMatchObject({ code: 1, stderr: expect.stringMatching(why) });
    expect((await status()).status).toBe('waiting');
  });

  test('is refused when a signed file has changed since, by its name, and when the pause began anew', async () => {
    writeFileSync(signature(), verifier.sign(await requested()));
    appendFileSync(pilot.evidence(RUN, EVIDENCE.checkpoint), '  a note\n');
    expect(await respond()).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/55_db_rollback_human_checkpoint\.txt +statement +SHA-256/),
    });
    await pilot.cutover('replay', RUN, '--from', 'awaitingDbVerification', '--reason', 'once more');
    expect(await respond()).toMatchObject({ code: 1, stderr: expect.stringMatching(/the pause began in transition \d+/) });
  });

  test('is refused with a text that is no statement, and without the files', async () => {
    writeFileSync(signature(), verifier.sign('{}\n'));
    expect(await respond()).toMatchObject({ code: 64, stderr: expect.stringContaining(`--request ${request()} cannot be read`) });
    writeFileSync(request(), '{}\n');
    expect(await respond()).toMatchObject({ code: 1, stderr: expect.stringContaining('it is no statement of ours') });
    expect(await signOff('--response', `${request()}.asc`)).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('--request FILE'),
    });
  });

  test('is not made by a key that is not listed, nor by a file that is no key; a request overwrites nothing', async () => {
    expect(await asVerifier('--sign-with', stranger.file)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no allowed signer'),
    });
    expect(await asVerifier('--sign-with', join(pilot.directory, 'allowed_signers'))).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/cannot sign \(ssh-keygen -Y sign: /),
    });
    await requested();
    expect(await asVerifier('--request', request())).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('is there already'),
    });
  });

  test('fails, and says so, where there is no ssh-keygen', async () => {
    writeFileSync(signature(), verifier.sign(await requested()));
    pilot.env['PATH'] = pilot.directory;
    expect(await respond()).toMatchObject({ code: 1, stderr: expect.stringContaining('ssh-keygen cannot be run') });
    expect((await status()).status).toBe('waiting');
  });

  test('is not asked for before the gate has nothing to find', async () => {
    const form = pilot.evidence(RUN, EVIDENCE.checkpoint);
    writeFileSync(form, readFileSync(form, 'utf8').replace('dpp-restore-drill', 'prod'));
    expect((await asVerifier('--request', request())).code).toBe(2);
    expect(existsSync(request())).toBe(false);
  });
});

describe('the form of a request at a terminal', () => {
  let pilot: PilotWorkspace;
  beforeEach(() => {
    pilot = new PilotWorkspace();
    writeFileSync(join(pilot.directory, 'allowed_signers'), verifier.allowed);
  });
  afterEach(() => pilot.dispose());

  const request = () => join(pilot.directory, 'sign-off.json');
  const form = () => readFileSync(pilot.evidence(RUN, EVIDENCE.checkpoint), 'utf8');
  const started = async (rules: string) => {
    writeFileSync(join(pilot.directory, 'cutover.policy.yaml'), `${rules}allowed_signers: allowed_signers\n`);
    await pilot.cutover('start');
    pilot.completeForm();
    writeFileSync(pilot.evidence(RUN, EVIDENCE.checkpoint), form().replace('Status: COMPLETED', 'Status: PENDING'));
  };
  const requesting = async (typed: string | null) => {
    const questions: string[] = [];
    pilot.prompt = (question) => {
      questions.push(question);
      return Promise.resolve(typed);
    };
    const said = await pilot.cutover('sign-off', RUN, '--as', 'verifier@example.com', '--request', request());
    pilot.prompt = null;
    return { ...said, questions };
  };

  test('is shown with the statement, and finished only by who confirms it, knowing what it is good for', async () => {
    await started('version: 1\nseparation: false\n');
    const left = await requesting(null);
    expect(left.code).toBe(2);
    expect(left.stderr).toMatch(/The finished form.*Status: COMPLETED.*The statement that you sign:\n\n\{"files"/s);
    expect(left.questions).toEqual([expect.stringMatching(/finish the form .*counts by itself \(asserted\)\. Type the run id/)]);
    expect(form()).toContain('Status: PENDING\n');
    expect(existsSync(request())).toBe(false);
    pilot.env['EVIDENCE_DIR'] = `dpp/evidence/phase6_4_cutover/${RUN}`;
    expect((await pilot.cutover('run', '--seal-only')).code).toBe(2);
    expect((await requesting(RUN)).code).toBe(0);
    expect(form()).toContain('Status: COMPLETED\n');
    expect(parseSignOffStatement(readFileSync(request(), 'utf8'))).toMatchObject({ name: 'verifier@example.com' });
    // Shown once more, and nothing is to confirm: nothing is changed by it.
    rmSync(request());
    expect(await requesting(null)).toMatchObject({
      code: 0,
      questions: [],
      stderr: expect.stringContaining('The finished form'),
    });
  });

  test('is said to count by itself only where it does', async () => {
    await started('version: 1\n');
    expect((await requesting(RUN)).questions).toEqual([expect.not.stringContaining('counts by itself')]);
  });

  test('is not written any more once another one has signed off, nor is the statement', async () => {
    await started('version: 1\nseparation: false\nroles: { sre-lead: { quorum: 1 } }\n');
    pilot.prompt = async () => {
      pilot.prompt = null;
      const edited = form().replace('Status: PENDING', 'Status: COMPLETED').replace('42 tenants', '43 tenants');
      writeFileSync(pilot.evidence(RUN, EVIDENCE.checkpoint), edited);
      expect((await pilot.cutover('sign-off', RUN, '--as', 'bob@example.com')).code).toBe(0);
      return RUN;
    };
    expect(await pilot.cutover('sign-off', RUN, '--as', 'verifier@example.com', '--request', request())).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is signed off by'),
    });
    expect(form()).toContain('Tenant count: 43 tenants');
    expect(existsSync(request())).toBe(false);
  });
});

describe('whose key may not sign', () => {
  let pilot: PilotWorkspace;
  beforeEach(() => {
    pilot = new PilotWorkspace();
    pilot.env['PATH'] = process.env['PATH'];
    pilot.osUser = 'driver';
    pilot.env['USER'] = 'driver';
    writeFileSync(join(pilot.directory, 'allowed_signers'), verifier.allowed + colleague.allowed);
  });
  afterEach(() => pilot.dispose());

  const request = () => join(pilot.directory, 'sign-off.json');
  const started = async (rules: string, signer = 'verifier@example.com') => {
    const text = `version: 1\nallowed_signers: allowed_signers\nroles:\n${rules}`;
    writeFileSync(join(pilot.directory, 'cutover.policy.yaml'), text);
    await pilot.cutover('start', '--as', 'colleague@example.com');
    pilot.completeForm(RUN, { signer });
  };
  const requesting = (...args: string[]) => pilot.cutover(...args, '--as', 'colleague@example.com', '--request', request());

  test.each<[string, string, string, RegExp]>([
    [
      'a member who drove the run',
      '  db-restore-verifier: { quorum: 1 }\n',
      'Colleague <colleague@example.com>',
      /colleague@example\.com> drove this run as colleague@example\.com \(asserted\)/,
    ],
    [
      'no member',
      '  db-restore-verifier: { members: [lee@example.com] }\n',
      'verifier@example.com',
      /verifier@example\.com is no db-restore-verifier/,
    ],
  ])('is told before a statement is written for it, and before it signs: %s', async (_what, rules, signer, why) => {
    await started(rules, signer);
    expect(await requesting('sign-off', RUN)).toMatchObject({ code: 1, stderr: expect.stringMatching(why) });
    expect(existsSync(request())).toBe(false);
    const { stderr } = await pilot.cutover('sign-off', RUN, '--as', 'x', '--sign-with', join(pilot.directory, 'no-key'));
    expect(stderr).toMatch(why);
  });

  test('is not told of one who is a member by the fingerprint of a key', async () => {
    await started(`  db-restore-verifier: { members: ["${verifier.fingerprint}"] }\n`);
    expect((await requesting('sign-off', RUN)).code).toBe(0);
    writeFileSync(`${request()}.sig`, verifier.sign(readFileSync(request(), 'utf8')));
    pilot.osUser = 'someone';
    expect((await pilot.cutover('sign-off', RUN, '--response', `${request()}.sig`)).code).toBe(0);
  });

  test('is told of a lead as well', async () => {
    await started('  sre-lead: { quorum: 1 }\n');
    expect((await pilot.cutover('sign-off', RUN, '--as', 'x', '--sign-with', verifier.file)).code).toBe(0);
    expect(await requesting('sign', RUN, '--role', 'sre-lead')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('drove this run as colleague@example.com'),
    });
    expect(existsSync(request())).toBe(false);
  });

  test('a name where the policy wants a key: told before the first question', async () => {
    await started('  db-restore-verifier: { minimum_level: ssh-verified }\n');
    pilot.prompt = () => Promise.reject(new Error('asked in vain'));
    expect(await pilot.cutover('sign-off', RUN, '--edit')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/wants .* ssh-verified/),
    });
  });
});

test('a key signs where a name would do; without allowed signers it does not, nor is it asked elsewhere, and both say why', async () => {
  const pilot = new PilotWorkspace();
  try {
    await pilot.cutover('start');
    pilot.completeForm();
    const request = join(pilot.directory, 'sign-off.json');
    for (const given of [
      ['--sign-with', verifier.file],
      ['--request', request],
    ])
      expect(await pilot.cutover('sign-off', RUN, '--as', 'verifier@example.com', ...given)).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('names no allowed_signers'),
      });
    expect(existsSync(request)).toBe(false);
  } finally {
    pilot.dispose();
  }
});
