import { describe, expect, test } from '@jest/globals';
import { NO_POLICY, ROLES, type Policy, type PolicyRole, type RolePolicy } from '../../src/config/policy.js';
import type { RunEvent } from '../../src/engine/definition.js';
import { rehydrate } from '../../src/engine/advance.js';
import type { Identity } from '../../src/evidence/history-record.js';
import { EVIDENCE } from '../../src/evidence/layout.js';
import type { PilotEvent } from '../../src/machine/events.js';
import { ACTIONS, actionOf, PERMISSIONS, permissionRefusal, startRefusal, type Action } from '../../src/machine/permissions.js';
import { pilotMachine } from '../../src/machine/pilot-machine.js';
import { alphabet } from './event-alphabet.js';
import { countersignature, driftedWorld, facts, operator, signOff, world } from './pilot-facts.js';
import { PilotRun, recorded } from './pilot-run.js';

function person(user: string, changes: Partial<Identity> = {}): Identity {
  return { user, host: 'ops.example.com', email: null, osUser: user, level: 'asserted', ...changes };
}

/** One person for each role, of its name; the operator of `pilot-facts` drives. */
function policy(roles: Partial<Record<PolicyRole, Partial<RolePolicy>>> = {}, separation = true): Policy {
  const own = (role: PolicyRole) => ({
    ...NO_POLICY.roles[role],
    members: [role, ...(role === 'operator' ? [operator.user] : [])],
  });
  const all = Object.fromEntries(ROLES.map((role) => [role, { ...own(role), ...roles[role] }]));
  return { ...NO_POLICY, sha256: 'a'.repeat(64), roles: all as Policy['roles'], separation };
}

const wanting = policy({ 'db-restore-verifier': { quorum: 2 }, 'sre-lead': { quorum: 1 }, 'engineering-lead': { quorum: 1 } });
const anyone = policy(Object.fromEntries(ROLES.map((role) => [role, { members: null }])));

function at(run: PilotRun, event: RunEvent, who: Identity): PilotEvent {
  return { ...recorded(event, run.seq + 1), who };
}

function refusal(run: PilotRun, event: RunEvent, who: Identity): string | null {
  return permissionRefusal(run.context, at(run, event, who));
}

/** Whether the machine takes it, whoever calls it. */
function takes(run: PilotRun, event: RunEvent, who: Identity): boolean {
  return rehydrate(pilotMachine, run.last.snapshot).can(at(run, event, who));
}

const signed = (signer: string) => ({ type: 'SIGNED_OFF', signOff: { ...signOff, signer } });
const countersigned = (role: string, signer: string) => ({
  type: 'COUNTERSIGNED',
  countersignature: { ...countersignature, role, signer },
});
const replay = (override = false) => ({ type: 'REPLAY_REQUESTED', from: 'runningRcGates', reason: 'mended', override });
const started = (request = wanting) => PilotRun.start({ policy: request });
const waiting = (request = wanting) => started(request).to('awaitingDbVerification');

/** As `send`, by this person. */
function sent(run: PilotRun, event: RunEvent, who: Identity): PilotRun {
  expect(refusal(run, event, who)).toBeNull();
  return run.send({ ...event, who } as RunEvent);
}

describe('the table of permissions', () => {
  test('has every decision of a person that the machine takes, and the start', () => {
    const asked = alphabet().map((event) => actionOf(recorded(event, 2)));
    const inTable = new Set([...asked.filter((action) => action !== null), 'start', 'sign --role db-restore-verifier']);
    expect([...inTable].sort()).toEqual([...ACTIONS].sort());
  });

  const event = (action: Action, by: string): RunEvent | null => {
    if (action === 'sign-off') return signed(by);
    if (action.startsWith('sign --role ')) return countersigned(action.slice('sign --role '.length), by);
    return alphabet().find((one) => actionOf(recorded(one, 2)) === action) ?? null;
  };

  test.each(ACTIONS.flatMap((action) => ROLES.map((role) => [role, action] as const)))('%s, %s', (role, action) => {
    const who = person(role);
    const isAllowed = PERMISSIONS[action].roles.includes(role);
    const asked = event(action, role);
    const refused = asked === null ? startRefusal(wanting, who) : refusal(waiting(), asked, who);
    if (isAllowed) expect(refused).toBeNull();
    else expect(refused).toContain(`${role} (asserted) is no ${PERMISSIONS[action].roles.join(' or ')} (roles.`);
  });

  test.each(ACTIONS)('without a policy anyone may: %s', (action) => {
    const asked = event(action, operator.user);
    const refused = asked === null ? startRefusal(NO_POLICY, operator) : refusal(waiting(NO_POLICY), asked, operator);
    expect(refused).toBeNull();
  });
});

describe('the machine takes no decision of whoever may not make it', () => {
  const failed = started().to('runningRcGates').fail('RC_GATES_FAILED');
  const inSealing = sent(waiting(policy()), signed('db-restore-verifier'), person('db-restore-verifier'));
  const uploadFailed = inSealing.to('sealing.uploading').fail('ACCESS_DENIED');
  const drift = alphabet().find(({ type }) => type === 'DRIFT_ACCEPTED') as RunEvent;
  const finding = alphabet().find(({ type }) => type === 'FINDING_ACCEPTED') as RunEvent;
  const broken = alphabet().find(({ type }) => type === 'LEASE_BROKEN') as RunEvent;
  const cases: readonly [run: PilotRun, event: RunEvent, ...may: PolicyRole[]][] = [
    [inSealing, { type: 'DRIVER_JOINED' }, 'operator'],
    [uploadFailed, { type: 'RETRY_REQUESTED', reason: null }, 'operator', 'supervisor'],
    [failed, replay(true), 'supervisor'],
    [failed, { type: 'SEAL_REQUESTED', reason: 'kept' }, 'supervisor'],
    [waiting(), { type: 'ABANDONED', reason: 'x', acknowledgeLeftBehind: false }, 'supervisor'],
    [started().to('restoringStaging'), { type: 'ABANDONED', reason: 'x', acknowledgeLeftBehind: false }, 'supervisor'],
    [waiting(), drift, 'supervisor'],
    [waiting(), finding, 'supervisor'],
    [waiting(), broken, 'supervisor'],
    [waiting(), { type: 'VERIFICATION_REJECTED', reason: 'x', by: 'x' }, 'db-restore-verifier'],
    [waiting(), signed('x'), 'db-restore-verifier'],
  ];
  test.each(cases.map(([run, event, ...may]) => [event.type, run.state, may, run, event] as const))(
    '%s in %s: %s alone',
    (_type, _state, may, run, asked) => {
      expect(ROLES.filter((role) => takes(run, asked, person(role)))).toEqual(may);
    },
  );
});

describe('membership', () => {
  const by = (members: string[]) => waiting(policy({ supervisor: { members } }));
  const abandoned = { type: 'ABANDONED', reason: 'x', acknowledgeLeftBehind: false };

  test('is by the name that was given, the account or the address, in any case', () => {
    for (const member of ['Kim', 'kim@example.com', 'KIM-OS']) {
      const who = person('kim', { email: 'Kim@example.com', osUser: 'kim-os' });
      expect(refusal(by([member]), abandoned, who)).toBeNull();
    }
  });

  test('that is missing names the rule, the person, and who may instead', () => {
    expect(refusal(by(['kim', 'lee@example.com']), abandoned, person('sam'))).toBe(
      'sam (asserted) is no supervisor (roles.supervisor.members), and only one may abandon: who may instead: supervisor: kim, lee@example.com',
    );
  });

  test('of a signature with a key is by the key, whoever handed it in', () => {
    const signature = { principal: 'kim@example.com', fingerprint: 'SHA256:abc' };
    const event = { type: 'SIGNED_OFF', signOff: { ...signOff, signer: 'Kim', level: 'ssh-verified', signature } };
    const listed = (member: string) => waiting(policy({ 'db-restore-verifier': { members: [member] } }));
    expect(refusal(listed('SHA256:abc'), event, operator)).toBeNull();
    expect(refusal(listed('kim@example.com'), event, operator)).toBeNull();
    expect(refusal(listed(operator.user), event, operator)).toContain('Kim (ssh-verified) is no db-restore-verifier');
  });
});

describe('with separation of duties a verifier', () => {
  const named = waiting(policy({ 'db-restore-verifier': { members: ['kim', 'SHA256:abc'] } }));

  test('has the role under a name of their own: one that somebody wrote into the form makes no member of them', () => {
    expect(refusal(named, signed('kim'), person('lee'))).toContain('lee (asserted) is no db-restore-verifier');
    expect(takes(named, signed('kim'), person('lee'))).toBe(false);
    expect(takes(named, signed('Kim Lee'), person('kim'))).toBe(true);
  });

  test('or a lead does not sign after it by the name of another, whichever program hands it in', () => {
    const run = sent(waiting(), signed('db-restore-verifier'), person('db-restore-verifier'));
    expect(refusal(run, countersigned('sre-lead', 'sre-lead'), person('lee'))).toContain('lee (asserted) is no sre-lead');
    expect(takes(run, countersigned('sre-lead', 'sre-lead'), person('lee'))).toBe(false);
    expect(takes(run, countersigned('sre-lead', 'sre-lead'), person('sre-lead'))).toBe(true);
  });

  test('does not become one by saying the fingerprint of a key: only a signature proves it', () => {
    expect(refusal(named, signed('SHA256:abc'), person('SHA256:abc'))).toContain('is no db-restore-verifier');
  });
});

test('who gave a signature in another name is kept with it; of a name of their own, or a key, nobody', () => {
  const key = { principal: 'kim@example.com', fingerprint: 'SHA256:abc' };
  const givenBy = (signOffChanges: object, who: Identity) =>
    sent(waiting(policy({}, false)), { type: 'SIGNED_OFF', signOff: { ...signOff, ...signOffChanges } } as RunEvent, who).context
      .signers[0]?.givenBy;
  expect(givenBy({ signer: 'db-restore-verifier' }, person('lee'))).toBe('lee');
  expect(givenBy({ signer: 'Lee <db-restore-verifier>' }, person('db-restore-verifier'))).toBeNull();
  expect(givenBy({ signer: 'db-restore-verifier', level: 'ssh-verified', signature: key }, person('lee'))).toBeNull();
});

test('a role that wants a proven name is not acted in with an asserted one, but to reject', () => {
  const strict = waiting(policy({ 'db-restore-verifier': { minimumLevel: 'ssh-verified' } }));
  expect(refusal(strict, signed('db-restore-verifier'), person('db-restore-verifier'))).toContain(
    'may not sign-off with an asserted name: the policy wants ssh-verified (roles.db-restore-verifier.minimum_level)',
  );
  expect(takes(strict, signed('db-restore-verifier'), person('db-restore-verifier'))).toBe(false);
  const rejected = { type: 'VERIFICATION_REJECTED', reason: 'it stopped', by: 'db-restore-verifier' };
  expect(takes(strict, rejected, person('db-restore-verifier'))).toBe(true);
});

describe('separation of duties', () => {
  test('lets nobody sign who drove the run, under whatever name: given, account or address', () => {
    const run = waiting(anyone);
    const others: readonly [Identity, string][] = [
      [operator, operator.user],
      [person('kim', { osUser: operator.user }), 'kim'],
      [person('kim', { email: operator.email }), 'kim'],
      [person('kim'), operator.user],
    ];
    for (const [who, signer] of others) {
      expect(refusal(run, signed(signer), who)).toContain('drove this run as operator (asserted) (separation of duties)');
      expect(takes(run, signed(signer), who)).toBe(false);
    }
    expect(takes(run, signed('kim'), person('kim'))).toBe(true);
  });

  test('says what two people have in common, and that a listed key is a name of its own', () => {
    const kim = person('kim', { email: operator.email, osUser: 'shared' });
    const run = waiting(anyone);
    expect(refusal(run, signed('kim'), kim)).toContain(
      `drove this run as operator (asserted) (separation of duties), with ${operator.email} in common, and may not sign-off: `,
    );
    expect(refusal(run, signed('kim'), kim)).not.toContain('--sign-with');
    const listed = waiting({ ...anyone, allowedSigners: 'kim ssh-ed25519 AAAA' });
    expect(refusal(listed, signed('kim'), kim)).toMatch(
      /; by a key that the policy lists the signer is known by that key alone: --sign-with FILE, or --request FILE$/,
    );
    const key = { level: 'ssh-verified', signature: { principal: operator.user, fingerprint: 'SHA256:abc' } };
    const byKey = { type: 'SIGNED_OFF', signOff: { ...signOff, signer: operator.user, ...key } } as RunEvent;
    expect(refusal(listed, byKey, kim)).toContain(`, with ${operator.user} in common, and may not sign-off: `);
    expect(refusal(listed, byKey, kim)).not.toContain('--sign-with');
    const failed = started({ ...anyone, allowedSigners: 'kim ssh-ed25519 AAAA' })
      .to('runningRcGates')
      .fail('RC_GATES_FAILED');
    expect(refusal(failed, replay(true), operator)).toContain(`, with ${operator.user}, ${operator.email} in common, and`);
    expect(refusal(failed, replay(true), operator)).not.toContain('--sign-with');
  });

  test('counts as a driver who replayed, retried or joined', () => {
    const kim = person('kim');
    const failed = started(anyone).to('runningRcGates').fail('RC_GATES_FAILED');
    const replayed = sent(failed, replay(true), kim).to('awaitingDbVerification');
    expect(refusal(replayed, signed('kim'), kim)).toContain('drove this run as kim');
    const joined = sent(started(anyone), { type: 'DRIVER_JOINED' }, kim).to('awaitingDbVerification');
    expect(refusal(joined, signed('kim'), kim)).toContain('drove this run as kim');
    expect(joined.context.drivers.map(({ user }) => user)).toEqual([operator.user, 'kim']);
  });

  test('lets nobody sign in two roles, nor drive what they signed', () => {
    const run = sent(
      waiting({ ...wanting, roles: { ...wanting.roles, 'sre-lead': { ...wanting.roles['sre-lead'], members: null } } }),
      signed('db-restore-verifier'),
      person('db-restore-verifier'),
    );
    const asLead = countersigned('sre-lead', 'db-restore-verifier');
    expect(refusal(run, asLead, person('db-restore-verifier'))).toContain('has signed as db-restore-verifier');
    expect(takes(run, asLead, person('db-restore-verifier'))).toBe(false);
    const kim = person('kim');
    const sealing = sent(waiting(anyone), signed('kim'), kim);
    expect(refusal(sealing, { type: 'DRIVER_JOINED' }, kim)).toContain(
      'has signed as db-restore-verifier (separation of duties)',
    );
    const failed = sealing.to('sealing.uploading').fail('ACCESS_DENIED');
    expect(refusal(failed, { type: 'RETRY_REQUESTED', reason: null }, kim)).toContain('has signed as');
  });

  test('knows a person by their user at AWS too, as the preflight or a later look has found it', () => {
    const arn = 'arn:aws:iam::123456789012:user/kim';
    const preflight = { ...facts.preflight, world: { ...world, awsArn: arn } };
    const failed = started(anyone).done(preflight).to('runningRcGates').fail('RC_GATES_FAILED');
    const another = person('another', { awsArn: arn });
    expect(refusal(failed, replay(true), another)).toContain('drove the attempt of runningRcGates that failed');
    expect(takes(failed, replay(true), another)).toBe(false);
    expect(takes(failed, replay(true), person('another', { awsArn: `${arn}-2` }))).toBe(true);
    const joined = sent(started(anyone), { type: 'DRIVER_JOINED' }, another).to('awaitingDbVerification');
    expect(refusal(joined, signed('lee'), person('lee', { awsArn: arn }))).toContain('drove this run as another');
  });

  test('lets nobody let pass what failed in an attempt that they drove; they may seal again, or end it without PASS', () => {
    const failed = started(anyone).to('runningRcGates').fail('RC_GATES_FAILED');
    for (const event of [
      { type: 'SEAL_REQUESTED', reason: 'x' },
      { type: 'ABANDONED', reason: 'x', acknowledgeLeftBehind: false },
    ]) {
      expect(takes(failed, event, operator)).toBe(true);
    }
    const drifted = { type: 'DRIFT_ACCEPTED', reason: 'x', facts: [], world: driftedWorld };
    for (const event of [replay(true), drifted]) {
      expect(refusal(failed, event, operator)).toContain(
        'drove the attempt of runningRcGates that failed (separation of duties)',
      );
      expect(takes(failed, event, operator)).toBe(false);
      expect(takes(failed, event, person('kim'))).toBe(true);
    }
    const upload = sent(waiting(anyone), signed('kim'), person('kim')).to('sealing.uploading').fail('ACCESS_DENIED');
    expect(takes(upload, { type: 'RETRY_REQUESTED', reason: null }, operator)).toBe(true);
  });

  test('keeps nobody from deciding on the failure of an attempt that another driver made', () => {
    const kim = person('kim');
    const joined = sent(started(anyone), { type: 'DRIVER_JOINED' }, kim).to('runningRcGates');
    const failed = joined.fail('RC_GATES_FAILED');
    expect(failed.context.failure?.by?.user).toBe(operator.user);
    expect(takes(failed, replay(true), kim)).toBe(true);
    expect(takes(failed, replay(true), operator)).toBe(false);
  });

  test('lets nobody sign what they let pass, nor let something pass when they have signed', () => {
    const kim = person('kim');
    const finding = { type: 'FINDING_ACCEPTED', reason: 'x', file: 'a', line: 1, kind: 'jwt', sha256: 'f'.repeat(64) };
    const drifted = { type: 'DRIFT_ACCEPTED', reason: 'x', facts: [], world: driftedWorld };
    for (const event of [finding, drifted]) {
      const accepted = sent(waiting(anyone), event, kim);
      expect(refusal(accepted, signed('kim'), kim)).toContain('let something pass in this run as kim');
      expect(takes(accepted, signed('kim'), kim)).toBe(false);
      expect(takes(accepted, signed('lee'), person('lee'))).toBe(true);
      const signedByKim = sent(waiting(anyone), signed('kim'), kim);
      expect(refusal(signedByKim, event, kim)).toContain('has signed as db-restore-verifier');
      expect(takes(signedByKim, event, kim)).toBe(false);
    }
  });

  test('is not enforced where the policy says so: one person may do it all, but not be two of a quorum', () => {
    const one = policy(
      Object.fromEntries(ROLES.map((role) => [role, { members: null, quorum: role === 'db-restore-verifier' ? 2 : 1 }])),
      false,
    );
    const run = sent(waiting(one), signed(operator.user), operator);
    const again = countersigned('db-restore-verifier', operator.user);
    expect(refusal(run, again, operator)).toContain('has signed as db-restore-verifier already, and a quorum counts people');
    expect(takes(run, countersigned('sre-lead', operator.user), operator)).toBe(true);
  });
});

describe('the signatures that the policy wants', () => {
  const first = sent(waiting(), signed('db-restore-verifier'), person('db-restore-verifier'));
  const lee = (role: string) => [countersigned(role, `${role}-2`), person(role, { osUser: `${role}-2` })] as const;

  test('keep the run at the pause until the last one, in whatever order, and all are on record', () => {
    const [event, who] = [countersigned('db-restore-verifier', 'kim'), person('kim')];
    const wide = {
      ...wanting,
      roles: { ...wanting.roles, 'db-restore-verifier': { ...wanting.roles['db-restore-verifier'], members: null } },
    };
    let run = sent(waiting(wide), signed('db-restore-verifier'), person('db-restore-verifier'));
    run = sent(run, countersigned('engineering-lead', 'engineering-lead'), person('engineering-lead'));
    run = sent(run, event, who);
    expect([run.state, run.context.seal]).toEqual(['awaitingDbVerification', null]);
    run = sent(run, countersigned('sre-lead', 'sre-lead'), person('sre-lead'));
    expect(run.state).toBe('sealing.scanning');
    expect(run.context.seal).toMatchObject({ verdict: 'PASS', upToSeq: run.seq });
    const { summary } = run.to('completed').context;
    expect(summary?.document.signatures.map(({ role, name }) => `${role}: ${name}`)).toEqual([
      'Operator (automated run): operator',
      'DB Restore Verifier: db-restore-verifier',
      'DB Restore Verifier: kim',
      'SRE Lead: sre-lead',
      'Engineering Lead: engineering-lead',
    ]);
    expect(summary?.attested.signOffs.map(({ role }) => role)).toEqual([
      'db-restore-verifier',
      'engineering-lead',
      'db-restore-verifier',
      'sre-lead',
    ]);
    expect(summary?.document.policy).toBe(`cutover.policy.yaml, sha256 ${'a'.repeat(64)}, separation of duties enforced`);
  });

  test('are none before the sign-off, of other files, of another run, or of a role that has signed', () => {
    const [event, who] = [countersigned('sre-lead', 'sre-lead'), person('sre-lead')];
    expect(takes(waiting(), event, who)).toBe(false);
    expect(takes(first, event, who)).toBe(true);
    const changed = (change: object) => ({ type: 'COUNTERSIGNED', countersignature: { ...event.countersignature, ...change } });
    expect(takes(first, changed({ files: { ...signOff.files, [EVIDENCE.scope]: 'f'.repeat(64) } }), who)).toBe(false);
    expect(takes(first, changed({ files: { ...signOff.files, '41_more.txt': 'f'.repeat(64) } }), who)).toBe(false);
    expect(takes(first, changed({ files: {} }), who)).toBe(false);
    expect(takes(first, changed({ runId: '20260221T120001Z' }), who)).toBe(false);
    expect(takes(sent(first, event, who), ...lee('sre-lead'))).toBe(false);
    expect(takes(first, signed('kim'), person('db-restore-verifier', { osUser: 'kim' }))).toBe(false);
  });

  test('fall with a rejection, a replay of the pause, and a file that changed', () => {
    const second = sent(first, countersigned('sre-lead', 'sre-lead'), person('sre-lead'));
    const rejected = sent(second, { type: 'VERIFICATION_REJECTED', reason: 'x', by: 'y' }, person('db-restore-verifier'));
    const replayed = sent(
      second,
      { type: 'REPLAY_REQUESTED', from: 'awaitingDbVerification', reason: 'x', override: false },
      person('supervisor'),
    );
    const lead = policy({ 'sre-lead': { quorum: 1 } });
    const both = sent(
      sent(waiting(lead), signed('db-restore-verifier'), person('db-restore-verifier')),
      countersigned('sre-lead', 'sre-lead'),
      person('sre-lead'),
    );
    const invalidated = both.to('sealing.archiving').fail('SIGN_OFF_INVALIDATED');
    for (const { context } of [rejected, replayed, invalidated]) {
      expect([context.signOff, context.countersignatures, context.signers]).toEqual([null, [], []]);
      expect(context.signOffWithdrawn).not.toBeNull();
    }
    expect(invalidated.state).toBe('awaitingDbVerification');
  });

  test('that are missing keep the human criterion from PASS in a run that is sealed as failed', () => {
    const abandoned = sent(first, { type: 'ABANDONED', reason: 'x', acknowledgeLeftBehind: false }, person('supervisor'));
    const { summary } = sent(abandoned, { type: 'SEAL_REQUESTED', reason: 'x' }, person('supervisor')).to(
      'sealedAsFailed',
    ).context;
    expect(summary?.document.criteria.find(({ name }) => name.includes('Human'))).toMatchObject({
      result: 'NOT RUN',
      fact: 'signatures are missing: db-restore-verifier, sre-lead, engineering-lead',
    });
  });
});
