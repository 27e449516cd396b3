import { describe, expect, test } from '@jest/globals';
import { NO_POLICY } from '../../src/config/policy.js';
import { advance } from '../../src/engine/advance.js';
import type { RunEvent } from '../../src/engine/definition.js';
import type { SshSignature } from '../../src/evidence/sign-off/statement.js';
import { operator, RUN, signOff } from './pilot-facts.js';
import { definition, PilotRun, recorded } from './pilot-run.js';

const PAUSE = 'awaitingDbVerification';
const signature: SshSignature = {
  statement: '{}\n',
  armored: '-----BEGIN SSH SIGNATURE-----\n',
  principal: 'verifier@example.com',
  fingerprint: 'SHA256:abc',
};
const SIGNED_OFF = { type: 'SIGNED_OFF', signOff };

/** Whether a run at the pause takes an event of this person, and the state and claim after it. */
function taken(run: PilotRun, user: string, event: RunEvent) {
  const given = { ...recorded(event, run.seq + 1), who: { ...operator, user } } as unknown as RunEvent;
  try {
    const { state, snapshot } = advance(definition, RUN, run.last.snapshot, given);
    return { state, claim: (snapshot.context as PilotRun['context']).claim?.by ?? null };
  } catch (error) {
    return (error as { code?: string }).code;
  }
}

describe('a claim', () => {
  const claimed = PilotRun.start().to(PAUSE).send({ type: 'CLAIMED' });

  test('names who and since which transition, and is not taken twice', () => {
    expect(claimed.context.claim).toMatchObject({ by: operator.user, seq: claimed.seq });
    expect(taken(claimed, operator.user, { type: 'CLAIMED' })).toBe('EVENT_REFUSED');
  });

  test("keeps another person's sign-off and rejection out, and lets its holder's in, by whoever's hands", () => {
    const rejected = { type: 'VERIFICATION_REJECTED', reason: 'tenants differ', by: 'somebody' };
    expect(taken(claimed, 'somebody', SIGNED_OFF)).toBe('EVENT_REFUSED');
    expect(taken(claimed, 'somebody', rejected)).toBe('EVENT_REFUSED');
    expect(taken(claimed, operator.user, SIGNED_OFF)).toEqual({ state: 'sealing.scanning', claim: null });
    expect(taken(claimed, operator.user, rejected)).toEqual({ state: 'failed', claim: null });
    const by = (changes: object) => ({ type: 'SIGNED_OFF', signOff: { ...signOff, ...changes } });
    expect(taken(claimed, 'somebody', by({ signer: operator.user }))).toMatchObject({ state: 'sealing.scanning' });
    const key = { level: 'ssh-verified', signature: { ...signature, principal: operator.user } };
    expect(taken(claimed, 'somebody', by(key))).toMatchObject({ state: 'sealing.scanning' });
  });

  test('is released by its holder, and by anyone else only with a reason; there must be one', () => {
    const release = (reason: string | null) => ({ type: 'RELEASED', reason });
    expect(taken(claimed, operator.user, release(null))).toEqual({ state: PAUSE, claim: null });
    expect(taken(claimed, 'somebody', release(null))).toBe('EVENT_REFUSED');
    expect(taken(claimed, 'somebody', release('on leave'))).toEqual({ state: PAUSE, claim: null });
    expect(taken(PilotRun.start().to(PAUSE), operator.user, release('why'))).toBe('EVENT_REFUSED');
  });

  test('ends when the pause does, and stays through what does not end it', () => {
    expect(claimed.acceptDrift().context.claim).not.toBeNull();
    expect(claimed.replay(PAUSE).context.claim).toBeNull();
    expect(claimed.abandon().context.claim).toBeNull();
  });
});

describe('the level of a sign-off', () => {
  const policy = structuredClone(NO_POLICY);
  const strict = PilotRun.start({
    policy: {
      ...policy,
      roles: { ...policy.roles, 'db-restore-verifier': { ...policy.roles['db-restore-verifier'], minimumLevel: 'ssh-verified' } },
    },
  }).to(PAUSE);
  const by = (changes: object) => ({ type: 'SIGNED_OFF', signOff: { ...signOff, ...changes } });

  test('must be what the policy wants', () => {
    expect(taken(strict, operator.user, SIGNED_OFF)).toBe('EVENT_REFUSED');
    expect(taken(strict, operator.user, by({ level: 'ssh-verified', signature }))).toMatchObject({ state: 'sealing.scanning' });
  });

  test('is not claimed without a signature, nor is a signature hidden', () => {
    const free = PilotRun.start().to(PAUSE);
    expect(taken(free, operator.user, by({ level: 'ssh-verified' }))).toBe('EVENT_REFUSED');
    expect(taken(free, operator.user, by({ signature }))).toBe('EVENT_REFUSED');
  });

  test('is in the summary and in what is attested, with the fingerprint of the key', () => {
    const { context } = strict.signOff({ level: 'ssh-verified', signature }).to('summarizing');
    expect(context.summary?.document.signatures[1]).toMatchObject({ signature: 'ssh-verified SHA256:abc' });
    expect(context.summary?.document.criteria[3]?.fact).toContain('ssh-verified SHA256:abc');
    expect(context.summary?.attested.signOffs).toMatchObject([
      { level: 'ssh-verified', key: { principal: 'verifier@example.com', fingerprint: 'SHA256:abc' } },
    ]);
  });
});
