import { readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { processStartTime } from '../../src/actors/process/process-identity.js';
import { PermissionRefusedError } from '../../src/cli/errors.js';
import { loadPolicy } from '../../src/cli/load-policy.js';
import { pilotDefinition } from '../../src/cli/pilot-definition.js';
import { ROLES, type PolicyRole } from '../../src/config/policy.js';
import { InterruptedError } from '../../src/engine/errors.js';
import { EVIDENCE } from '../../src/evidence/layout.js';
import type { PilotEvent } from '../../src/machine/events.js';
import { ACTIONS, actionOf, PERMISSIONS, type Action } from '../../src/machine/permissions.js';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.js';
import { failing, PilotWorkspace, WORLD, type Said } from './pilot-workspace.js';

const RUN = '20260221T120001Z';

/** Each role has one member of its name, and those who prepare what the member then asks for. */
const POLICY = `version: 1
roles:
  operator: { members: [operator, driver] }
  supervisor: { members: [supervisor] }
  db-restore-verifier: { members: [db-restore-verifier, first-verifier], quorum: QUORUM }
  sre-lead: { members: [sre-lead], quorum: LEADS }
  engineering-lead: { members: [engineering-lead], quorum: LEADS }
`;

let pilot: PilotWorkspace;
beforeEach(() => void (pilot = new PilotWorkspace()));
afterEach(() => pilot.dispose());

/** As someone at an account of their own. */
function as(user: string, ...argv: string[]): Promise<Said> {
  pilot.osUser = user;
  pilot.env['USER'] = user;
  pilot.world = { ...pilot.world, awsArn: `arn:aws:iam::000000000000:user/${user}` };
  return pilot.cutover(...argv);
}

function writePolicy({ verifiers = 1, leads = 0 } = {}): void {
  const text = POLICY.replace('QUORUM', String(verifiers)).replaceAll('LEADS', String(leads));
  writeFileSync(join(pilot.directory, 'cutover.policy.yaml'), text);
}

async function started(policy: { verifiers?: number; leads?: number } = {}): Promise<void> {
  writePolicy(policy);
  await as('driver', 'start');
}

async function waiting(policy: { verifiers?: number; leads?: number } = {}): Promise<void> {
  await started(policy);
  pilot.completeForm();
}

async function signedOff(policy: { verifiers?: number; leads?: number } = {}): Promise<void> {
  await waiting(policy);
  expect((await as('first-verifier', 'sign-off', RUN, '--as', 'first-verifier')).code).toBe(0);
}

async function claimed(by: string): Promise<void> {
  await waiting();
  expect((await as(by, 'claim', RUN, '--as', by)).code).toBe(0);
}

async function failed(actor: string): Promise<void> {
  const before = pilot.actors[actor];
  pilot.actors[actor] = failing('STEP_FAILED', 'It failed.');
  await started();
  if (before !== undefined) pilot.actors[actor] = before;
}

const status = async () => JSON.parse((await pilot.cutover('status', RUN, '--json')).stdout);

interface Scene {
  prepare(): Promise<unknown>;
  readonly argv: (who: string) => readonly string[];
}

const reason = ['--reason', 'because'];
/** For each action, a run in which it is possible, and its command. */
const SCENES: Readonly<Record<Action, Scene>> = {
  start: { prepare: async () => writePolicy(), argv: () => ['start'] },
  resume: {
    prepare: async () => {
      const { runRcGates } = pilot.actors;
      pilot.actors['runRcGates'] = (_input, { signal }) => {
        pilot.interruption.abort(new InterruptedError('SIGINT'));
        return Promise.reject(signal.reason as Error);
      };
      await started();
      pilot.interruption = new AbortController();
      if (runRcGates !== undefined) pilot.actors['runRcGates'] = runRcGates;
    },
    argv: () => ['resume', RUN],
  },
  retry: {
    prepare: async () => {
      await signedOff();
      const { uploadToWorm } = pilot.actors;
      pilot.actors['uploadToWorm'] = failing('ACCESS_DENIED', 'PutObject was denied.');
      expect((await as('driver', 'resume', RUN)).code).toBe(1);
      if (uploadToWorm !== undefined) pilot.actors['uploadToWorm'] = uploadToWorm;
    },
    argv: () => ['retry', RUN],
  },
  'sign-off': { prepare: () => waiting(), argv: (who) => ['sign-off', RUN, '--as', who] },
  reject: { prepare: () => waiting(), argv: (who) => ['sign-off', RUN, '--as', who, '--reject', ...reason] },
  claim: { prepare: () => waiting(), argv: (who) => ['claim', RUN, '--as', who] },
  release: { prepare: () => claimed('db-restore-verifier'), argv: (who) => ['release', RUN, '--as', who] },
  'release --reason': { prepare: () => claimed('first-verifier'), argv: (who) => ['release', RUN, '--as', who, ...reason] },
  'sign --role db-restore-verifier': signing('db-restore-verifier'),
  'sign --role sre-lead': signing('sre-lead'),
  'sign --role engineering-lead': signing('engineering-lead'),
  replay: { prepare: () => failed('prepareCheckpoint'), argv: () => ['replay', RUN, ...reason] },
  'replay --override': { prepare: () => failed('runRcGates'), argv: () => ['replay', RUN, '--override', ...reason] },
  'accept-finding': {
    prepare: async () => {
      await waiting();
      writeFileSync(pilot.evidence(RUN, EVIDENCE.screenshots, 'note.txt'), `key ${`AKIA${'ABCDEFGH23456789'}`}\n`);
    },
    argv: () => [
      ...['accept-finding', RUN, '--file', `${EVIDENCE.screenshots}/note.txt`],
      ...['--line', '1', '--rule', 'aws-access-key-id', ...reason],
    ],
  },
  'accept-drift': {
    prepare: async () => {
      await waiting();
      pilot.world = { ...WORLD, gitHead: 'f'.repeat(40) };
    },
    argv: () => ['accept-drift', RUN, ...reason],
  },
  abandon: { prepare: () => waiting(), argv: () => ['abandon', RUN, ...reason] },
  'break-lease': {
    prepare: async () => {
      await waiting();
      const store = await openSqliteStore(pilot.db, { mode: 'write' });
      const { pid } = process;
      const holder = { user: 'driver', host: 'jumphost', machineId: 'm', bootId: 'b', pid, startTime: processStartTime(pid) };
      await store.acquireLease(RUN, holder, null, pilot.at.toISOString());
      await store.close();
    },
    argv: () => ['break-lease', RUN, ...reason],
  },
  seal: { prepare: () => failed('runRcGates'), argv: () => ['seal', RUN, '--verdict', 'FAIL', ...reason] },
};

/** Why it was done, where the action says so. */
const WHY: Readonly<Record<Action, unknown>> = {
  start: null,
  resume: null,
  retry: 'retry',
  'sign-off': expect.stringMatching(/^The database was restored /),
  reject: 'because',
  claim: null,
  release: null,
  'release --reason': 'because',
  'sign --role db-restore-verifier': expect.stringMatching(/^The database was restored /),
  'sign --role sre-lead': expect.stringMatching(/ were reviewed; /),
  'sign --role engineering-lead': expect.stringMatching(/ were reviewed; /),
  replay: 'because',
  'replay --override': 'because',
  'accept-finding': 'because',
  'accept-drift': 'because',
  abandon: 'because',
  'break-lease': 'because',
  seal: 'because',
};

/** Who did it and why, as it is on record after this transition: once. */
async function recorded(action: Action, after: number): Promise<{ user: string; why: unknown }[]> {
  const store = await openSqliteStore(pilot.db, { mode: 'read' });
  const records = [];
  for await (const { event, who } of store.history(RUN, { after })) {
    const isIt = event.type === 'STARTED' ? action === 'start' : actionOf(event as unknown as PilotEvent) === action;
    const { meaning } = (event['signOff'] ?? event['countersignature'] ?? {}) as { meaning?: string };
    if (isIt) records.push({ user: who.user, why: meaning ?? event['reason'] ?? null });
  }
  await store.close();
  return records;
}

function signing(role: PolicyRole): Scene {
  return {
    prepare: () => signedOff({ verifiers: 2, leads: 1 }),
    argv: (who) => ['sign', RUN, '--role', role, '--as', who],
  };
}

describe('with a policy', () => {
  const codeOf = ({ stdout }: Said) => (JSON.parse(stdout) as { error?: { code: string } }).error?.code ?? null;

  test.each(ACTIONS)(
    'who may not is refused, and changes nothing; who may is not, and is on record with why: %s',
    async (action) => {
      const { prepare, argv } = SCENES[action];
      await prepare();
      const isThere = action !== 'start';
      const before = isThere ? await status() : null;
      const others = ROLES.filter((role) => !PERMISSIONS[action].roles.includes(role));
      expect(others).not.toEqual([]);
      for (const role of others) {
        const said = await as(role, ...argv(role), '--json');
        expect([role, said.code, codeOf(said)]).toEqual([role, 1, 'PERMISSION_REFUSED']);
        if (isThere) expect(await status()).toMatchObject({ seq: before.seq, state: before.state });
      }
      for (const [index, role] of PERMISSIONS[action].roles.entries()) {
        if (index > 0) {
          pilot.dispose();
          pilot = new PilotWorkspace();
          await prepare();
        }
        const said = await as(role, ...argv(role), '--json');
        expect([role, codeOf(said)]).toEqual([role, null]);
        expect(await recorded(action, before?.seq ?? 0)).toEqual([{ user: role, why: WHY[action] }]);
      }
    },
  );

  test('the refusal names the rule, who asks, who may instead, and what each role can do next', async () => {
    await waiting();
    const { code, stderr } = await as('operator', 'abandon', RUN, '--reason', 'in a hurry');
    expect(code).toBe(1);
    expect(stderr).toContain(
      `operator (asserted) is no supervisor (roles.supervisor.members), and only one may abandon: who may instead: supervisor: supervisor. Nothing was changed in run ${RUN}.`,
    );
    expect(stderr).toContain('Next:');
    expect((await pilot.cutover('explain', 'PERMISSION_REFUSED')).code).toBe(0);
  });

  test('another name does not make another person: neither with --as, nor by the form that an operator resumes with', async () => {
    await started();
    pilot.completeForm(RUN, { signer: 'db-restore-verifier' });
    expect(await as('driver', 'sign-off', RUN, '--as', 'db-restore-verifier')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('drove this run as driver (asserted) (separation of duties)'),
    });
    expect(await as('driver', 'resume', RUN)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('driver (asserted) is no db-restore-verifier'),
    });
    expect(await status()).toMatchObject({ status: 'waiting', sign_off: null });
  });

  test('an operator who has not driven the run yet signs nothing either by the form that he resumes with', async () => {
    writeFileSync(join(pilot.directory, 'cutover.policy.yaml'), 'version: 1\n');
    await as('driver', 'start');
    pilot.completeForm(RUN, { signer: 'db-restore-verifier' });
    expect(await as('operator', 'resume', RUN)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^cutover: operator \(asserted\) would drive the run that is signed with the same command.*cutover sign-off 2026/m,
      ),
    });
    expect(await status()).toMatchObject({ status: 'waiting', sign_off: null });
    // Nor is he told to, by the form that lacks something.
    writeFileSync(pilot.evidence(RUN, EVIDENCE.screenshots, 'another.png'), 'an image');
    expect(await as('operator', 'resume', RUN)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`then: cutover sign-off ${RUN}\n`),
    });
  });

  test('a full name around the address of who drove the run does not make another person of it', async () => {
    writeFileSync(join(pilot.directory, 'cutover.policy.yaml'), 'version: 1\n');
    await as('driver', 'start', '--as', 'driver@example.com');
    pilot.completeForm(RUN, { signer: 'A Driver <driver@example.com>' });
    expect(await as('colleague', 'sign-off', RUN, '--as', 'colleague')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('drove this run as driver@example.com (asserted)'),
    });
  });

  test("a member's name in the form makes no member of whoever hands it in", async () => {
    await started();
    pilot.completeForm(RUN, { signer: 'db-restore-verifier' });
    expect(await as('stranger', 'sign-off', RUN, '--as', 'stranger')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('stranger (asserted) is no db-restore-verifier (roles.db-restore-verifier.members)'),
    });
    expect(await status()).toMatchObject({ status: 'waiting', sign_off: null });
  });

  test('the fingerprint of a key is no name that somebody gives: only a signature proves it', async () => {
    const text = 'version: 1\nroles:\n  db-restore-verifier: { members: ["SHA256:abcdef"] }\n';
    writeFileSync(join(pilot.directory, 'cutover.policy.yaml'), text);
    await as('driver', 'start');
    pilot.completeForm(RUN, { signer: 'SHA256:abcdef' });
    expect(await as('stranger', 'sign-off', RUN, '--as', 'SHA256:abcdef')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is no db-restore-verifier'),
    });
  });

  test('a verifier does not drive what they sign, and nothing is signed by half of a command', async () => {
    await waiting();
    const said = await as('db-restore-verifier', 'sign-off', RUN, '--as', 'db-restore-verifier', '--and-resume');
    expect(said).toMatchObject({ code: 1, stderr: expect.stringContaining('signs without --and-resume') });
    expect(await status()).toMatchObject({ status: 'waiting', sign_off: null });
  });

  test('who shares a user at AWS with the driver is no other person, and what AWS calls each is on record', async () => {
    await waiting();
    pilot.osUser = 'first-verifier';
    const shared = await pilot.cutover('sign-off', RUN, '--as', 'first-verifier');
    expect(shared).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('nobody known by the same name, account, address or user at AWS'),
    });
    expect((await as('first-verifier', 'sign-off', RUN, '--as', 'first-verifier')).code).toBe(0);
    const { stdout } = await pilot.cutover('history', RUN, '--at', String((await status()).seq));
    expect(stdout).toMatch(
      /^who {2}first-verifier \(asserted\), host \S+, account first-verifier, arn:aws:iam::000000000000:user\/first-verifier$/m,
    );
  });

  test('another operator who goes on is on record before anything is driven', async () => {
    await SCENES.resume.prepare();
    expect((await as('operator', 'resume', RUN)).code).toBe(2);
    const { stdout } = await pilot.cutover('history', RUN);
    expect(stdout).toMatch(/DRIVER_JOINED +runningRcGates +- +operator\(asserted\) +Driven on by operator\n/);
    expect(stdout.indexOf('DRIVER_JOINED')).toBeLessThan(stdout.indexOf('RESUMED'));
  });
});

describe('who may not sign is told before anything is asked', () => {
  const neverAsked = () => Promise.reject(new Error('asked in vain'));
  const form = () => readFileSync(pilot.evidence(RUN, EVIDENCE.checkpoint), 'utf8');

  test.each<[string, string, readonly string[], RegExp]>([
    ['whoever drove the run', 'driver', [], /driver \(asserted\) is no db-restore-verifier/],
    ['an operator who did not', 'operator', ['--edit'], /operator \(asserted\) is no db-restore-verifier/],
    ['a verifier who would drive on', 'first-verifier', ['--and-resume'], /signs without --and-resume/],
  ])('%s, and the form stays as it is', async (_what, who, more, why) => {
    await waiting();
    const before = form();
    pilot.prompt = neverAsked;
    expect(await as(who, 'sign-off', RUN, ...more)).toMatchObject({ code: 1, stderr: expect.stringMatching(why) });
    expect(form()).toBe(before);
  });

  test('whoever may sign by the list and drove the run, at a sign-off and after it', async () => {
    writeFileSync(join(pilot.directory, 'cutover.policy.yaml'), 'version: 1\nroles:\n  sre-lead: { quorum: 1 }\n');
    await as('driver', 'start');
    pilot.completeForm();
    const refused = { code: 1, stderr: expect.stringContaining('drove this run as driver (asserted) (separation of duties)') };
    pilot.prompt = neverAsked;
    expect(await as('driver', 'sign-off', RUN)).toMatchObject(refused);
    pilot.prompt = null;
    expect((await as('first-verifier', 'sign-off', RUN, '--as', 'first-verifier')).code).toBe(0);
    pilot.prompt = neverAsked;
    expect(await as('driver', 'sign', RUN, '--role', 'sre-lead')).toMatchObject(refused);
    expect(await as('first-verifier', 'sign', RUN, '--role', 'sre-lead')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('has signed as db-restore-verifier (separation of duties)'),
    });
  });

  test('a further verifier of a run that another one has claimed', async () => {
    await signedOff({ verifiers: 2 });
    expect((await as('first-verifier', 'claim', RUN, '--as', 'first-verifier')).code).toBe(0);
    pilot.prompt = neverAsked;
    expect(await as('db-restore-verifier', 'sign', RUN, '--role', 'db-restore-verifier')).toMatchObject({
      code: 75,
      stderr: expect.stringContaining('is claimed by first-verifier (asserted)'),
    });
  });

  test('but not whom AWS alone knows by the name of a member, nor an operator who hands in what a member wrote', async () => {
    const member = 'version: 1\nroles:\n  db-restore-verifier: { members: ["arn:aws:iam::000000000000:user/kim"] }\n';
    writeFileSync(join(pilot.directory, 'cutover.policy.yaml'), member);
    await as('driver', 'start');
    pilot.completeForm();
    pilot.prompt = () => Promise.resolve(RUN);
    expect((await as('kim', 'sign-off', RUN)).code).toBe(0);
    pilot.dispose();
    pilot = new PilotWorkspace();
    const written = 'version: 1\nseparation: false\nroles:\n  db-restore-verifier: { members: [verifier@example.com] }\n';
    writeFileSync(join(pilot.directory, 'cutover.policy.yaml'), written);
    await as('driver', 'start');
    pilot.completeForm();
    pilot.prompt = () => Promise.resolve(RUN);
    expect((await as('driver', 'sign-off', RUN)).code).toBe(0);
  });
});

describe('the signatures that a policy wants', () => {
  const sign = (who: string, role: string, ...more: string[]) => as(who, 'sign', RUN, '--role', role, '--as', who, ...more);

  test('are waited for, each of them shown; the last one lets the run go on to a PASS that names all', async () => {
    await waiting({ verifiers: 2, leads: 1 });
    expect((await pilot.cutover('list')).stdout).toMatch(/db-restore-verifier x2, sre-lead, engineering-lead/);
    expect(await sign('sre-lead', 'sre-lead')).toMatchObject({ code: 1, stderr: expect.stringContaining('is not signed off') });
    await as('first-verifier', 'sign-off', RUN, '--as', 'first-verifier');
    expect(await as('driver', 'resume', RUN)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('db-restore-verifier (1), sre-lead (1), engineering-lead (1)'),
    });
    expect(await as('first-verifier', 'sign-off', RUN, '--as', 'first-verifier')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is signed off by verifier@example.com (asserted)'),
    });
    expect(await sign('first-verifier', 'db-restore-verifier')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('has signed as db-restore-verifier already, and a quorum counts people'),
    });
    const waits = (await pilot.cutover('status', RUN)).stdout;
    expect(waits).toMatch(/Waits for +db-restore-verifier, sre-lead, engineering-lead\n/);
    expect(waits).toContain(`SRE lead             cutover sign ${RUN} --role sre-lead --as NAME`);
    expect((await sign('sre-lead', 'sre-lead')).code).toBe(0);
    expect((await sign('db-restore-verifier', 'db-restore-verifier')).code).toBe(0);
    expect(await sign('sre-lead', 'sre-lead')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('wants no further signature of the role sre-lead'),
    });
    expect((await pilot.cutover('list')).stdout).toMatch(/ engineering-lead +0123/);
    const last = await sign('engineering-lead', 'engineering-lead');
    expect(last).toMatchObject({ code: 0, stdout: expect.stringMatching(/State +sealing\.scanning/) });
    expect((await as('driver', 'resume', RUN)).code).toBe(0);
    const summary = readFileSync(pilot.evidence(RUN, EVIDENCE.summary), 'utf8');
    expect(
      summary
        .match(/^\|.*$/gm)
        ?.slice(2)
        .map((line) => line.replaceAll(/ +/g, ' ')),
    ).toEqual([
      '| Operator (automated run) | driver | 2026-02-21 | automated |',
      '| DB Restore Verifier | verifier@example.com | 2026-02-21 | asserted, given by first-verifier |',
      '| DB Restore Verifier | db-restore-verifier | 2026-02-21 | asserted |',
      '| SRE Lead | sre-lead | 2026-02-21 | asserted |',
      '| Engineering Lead | engineering-lead | 2026-02-21 | asserted |',
    ]);
    expect(summary).toMatch(/^Policy: {7}cutover\.policy\.yaml, sha256 [0-9a-f]{64}, separation of duties enforced$/m);
    expect((await pilot.cutover('history', RUN)).stdout).toContain('Signed as sre-lead by sre-lead, 2026-02-21, asserted');
  });

  test('bind what was signed off: with a file that changed nobody signs, and the sign-off stays as it is', async () => {
    await signedOff({ leads: 1 });
    writeFileSync(pilot.evidence(RUN, EVIDENCE.screenshots, 'another.png'), '%PDF-1.7');
    expect(await sign('sre-lead', 'sre-lead')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /then: cutover sign \S+ --role sre-lead\n.*another\.png +changed +the file was not there when the run was signed off/s,
      ),
    });
    rmSync(pilot.evidence(RUN, EVIDENCE.screenshots, 'another.png'));
    expect((await sign('sre-lead', 'sre-lead')).code).toBe(0);
  });

  test('are confirmed at a terminal by the run id, and need a name elsewhere', async () => {
    await signedOff({ leads: 1 });
    expect(await as('sre-lead', 'sign', RUN, '--role', 'sre-lead')).toMatchObject({ code: 64 });
    expect(await sign('sre-lead', 'manager')).toMatchObject({ code: 64, stderr: expect.stringContaining('"manager"') });
    pilot.prompt = () => Promise.resolve('yes');
    expect(await as('sre-lead', 'sign', RUN, '--role', 'sre-lead')).toMatchObject({ code: 64 });
    pilot.prompt = () => Promise.resolve(RUN);
    expect((await as('sre-lead', 'sign', RUN, '--role', 'sre-lead')).code).toBe(0);
  });
});

describe('the policy that was frozen', () => {
  const file = () => join(pilot.directory, 'cutover.policy.yaml');

  test('stays in force: another one is drift, which a supervisor accepts once for all', async () => {
    await waiting();
    writePolicy({ leads: 1 });
    const signOff = () => as('first-verifier', 'sign-off', RUN, '--as', 'first-verifier');
    expect(await signOff()).toMatchObject({ code: 1, stderr: expect.stringMatching(/policy +[0-9a-f]{64} +[0-9a-f]{64}/) });
    expect(await as('first-verifier', 'sign-off', RUN, '--as', 'x', '--accept-drift', 'never mind')).toMatchObject({ code: 1 });
    expect((await as('supervisor', 'accept-drift', RUN, '--reason', 'for the next run')).code).toBe(0);
    expect(await as('supervisor', 'accept-drift', RUN, '--reason', 'again')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('there is nothing to accept'),
    });
    expect(await signOff()).toMatchObject({ code: 0, stdout: expect.stringMatching(/State +sealing\.scanning/) });
    expect((await as('driver', 'resume', RUN)).code).toBe(0);
    expect((await status()).exceptions).toMatchObject([{ by: 'supervisor (asserted)', reason: 'for the next run' }]);
  });

  test('is the one of the directory: nobody brings another one, however it is there', async () => {
    writePolicy();
    const lax = join(pilot.directory, 'lax.yaml');
    writeFileSync(lax, 'version: 1\nseparation: false\n');
    for (const mend of [() => {}, () => (rmSync(file()), symlinkSync('nowhere', file()))]) {
      mend();
      expect(await as('driver', 'start', '--policy', 'lax.yaml')).toMatchObject({
        code: 64,
        stderr: expect.stringContaining('who may do what is said by that file. Leave --policy out.'),
      });
    }
    rmSync(file());
    expect((await as('driver', 'start', '--policy', 'lax.yaml')).code).toBe(2);
  });

  test('lets nobody sign in a changed world that they accept with the same command', async () => {
    writePolicy();
    writeFileSync(file(), readFileSync(file(), 'utf8').replace('[supervisor', '[first-verifier, supervisor'));
    await as('driver', 'start');
    pilot.completeForm();
    pilot.world = { ...pilot.world, gitHead: 'f'.repeat(40) };
    const { code, stderr } = await as('first-verifier', 'sign-off', RUN, '--as', 'first-verifier', '--accept-drift', 'x');
    expect(code).toBe(1);
    expect(stderr).toContain('a supervisor accepts it before: cutover accept-drift');
    expect((await as('supervisor', 'accept-drift', RUN, '--reason', 'x')).code).toBe(0);
    expect((await as('first-verifier', 'sign-off', RUN, '--as', 'first-verifier')).code).toBe(0);
  });

  test('that is taken away, or comes only after the start, is drift as well', async () => {
    await waiting();
    rmSync(file());
    expect(await as('driver', 'resume', RUN)).toMatchObject({ stderr: expect.stringMatching(/policy +[0-9a-f]{64} +\(none\)/) });
    pilot.dispose();
    pilot = new PilotWorkspace();
    await as('driver', 'start');
    pilot.completeForm();
    writePolicy();
    expect(await as('driver', 'resume', RUN)).toMatchObject({ stderr: expect.stringMatching(/policy +\(none\) +[0-9a-f]{64}/) });
  });

  test('lists the keys that sign: another list of them is drift', async () => {
    const signers = join(pilot.directory, 'signers');
    writeFileSync(signers, 'kim@example.com ssh-ed25519 AAAA\n');
    writePolicy();
    writeFileSync(file(), `${readFileSync(file(), 'utf8')}allowed_signers: signers\n`);
    await as('driver', 'start');
    writeFileSync(signers, 'lee@example.com ssh-ed25519 AAAA\n');
    expect(await as('driver', 'resume', RUN)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/allowed signers +[0-9a-f]{64} +[0-9a-f]{64}/),
    });
  });
});

test('a run is not begun by whoever is no operator, also not by the engine without the commands', async () => {
  writePolicy();
  const policy = await loadPolicy(pilot.directory, null);
  const begin = (user: string) =>
    pilotDefinition.input(
      { type: 'STARTED', request: { policy }, evidenceDir: 'x' },
      { runId: RUN, at: '2026-02-21T12:00:01Z', who: { user, host: 'jumphost', email: null, osUser: user, level: 'asserted' } },
    );
  expect(() => begin('sre-lead')).toThrow(PermissionRefusedError);
  expect(begin('operator')).toMatchObject({ runId: RUN });
});

test('without a policy whoever asks may, as the runbook has it; every name is shown as asserted', async () => {
  await as('driver', 'start');
  pilot.completeForm();
  expect((await as('driver', 'resume', RUN)).code).toBe(0);
  expect((await pilot.cutover('list')).stdout).toMatch(/ driver \(asserted\)\n/);
  expect((await pilot.cutover('status', RUN)).stdout).toMatch(/Operator +driver@\S+ \(asserted\)\n/);
  expect((await pilot.cutover('history', RUN)).stdout).toContain('driver(asserted)');
  const summary = readFileSync(pilot.evidence(RUN, EVIDENCE.summary), 'utf8');
  expect(summary).toContain('Policy:       none: separation of duties not enforced\n');
});
