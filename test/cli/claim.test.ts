import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { PilotWorkspace } from './pilot-workspace.js';

const RUN = '20260221T120001Z';

describe('two verifiers', () => {
  let pilot: PilotWorkspace;
  beforeEach(async () => {
    pilot = new PilotWorkspace();
    expect((await pilot.cutover('start')).code).toBe(2);
  });
  afterEach(() => pilot.dispose());

  const as = (user: string, ...args: string[]) => pilot.cutover(args[0] ?? '', RUN, '--as', user, ...args.slice(1));
  const history = async () =>
    (JSON.parse(`[${(await pilot.cutover('history', RUN, '--json')).stdout.trim().split('\n').join(',')}]`) as unknown[]).slice(
      -3,
    );

  test('do not both do it: who claimed it first signs, and the other one is told who and since when', async () => {
    expect(await as('ada@example.com', 'claim')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('by ada@example.com (asserted), since'),
      stderr: expect.stringContaining('claimed by ada@example.com (asserted)\n'),
    });
    const refused = {
      code: 75,
      stderr: expect.stringMatching(
        /is claimed by ada@example\.com \(asserted\), since 2026-02-21T12:00:01\.000Z \(transition \d+\)/,
      ),
    };
    expect(await as('bob@example.com', 'claim')).toMatchObject(refused);
    expect(await as('bob@example.com', 'release')).toMatchObject(refused);
    expect(await as('bob@example.com', 'sign-off', '--reject', '--reason', 'slow')).toMatchObject(refused);
    pilot.completeForm(RUN, { signer: 'bob@example.com' });
    expect(await as('bob@example.com', 'sign-off')).toMatchObject(refused);
    expect(await pilot.cutover('resume', RUN)).toMatchObject(refused);
    expect(await as('ada@example.com', 'sign-off')).toMatchObject({ code: 0 });
  });

  test('its holder is known in another case, and with a full name', async () => {
    await as('Ada@Example.com', 'claim');
    pilot.completeForm(RUN, { signer: 'Ada Verifier <ada@example.com>' });
    expect((await as('ada@example.com', 'release')).code).toBe(0);
    await as('Ada@Example.com', 'claim');
    expect((await pilot.cutover('resume', RUN)).code).toBe(0);
  });

  test('an edited checkpoint counts when the holder of the claim has signed it, whoever goes on', async () => {
    await as('ada@example.com', 'claim');
    pilot.completeForm(RUN, { signer: 'ada@example.com' });
    expect((await pilot.cutover('resume', RUN)).code).toBe(0);
  });

  test('a claim is given back by its holder, or by anyone else with a reason, on the record; then the other one may', async () => {
    expect(await as('ada@example.com', 'release')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Nobody has claimed'),
    });
    await as('ada@example.com', 'claim');
    expect((await as('ada@example.com', 'release')).code).toBe(0);
    await as('ada@example.com', 'claim');
    expect((await as('operator', 'release', '--reason', 'ada is ill')).code).toBe(0);
    expect((await as('bob@example.com', 'claim')).code).toBe(0);
    expect(await history()).toMatchObject([
      { event: { type: 'CLAIMED' }, who: { user: 'ada@example.com' } },
      { event: { type: 'RELEASED', reason: 'ada is ill' }, who: { user: 'operator' } },
      { event: { type: 'CLAIMED' }, who: { user: 'bob@example.com' } },
    ]);
    expect((await pilot.cutover('history', RUN)).stdout).toContain('released by operator (asserted): ada is ill');
  });

  test('status, list and what comes next show the claim', async () => {
    expect((await pilot.cutover('status', RUN)).stdout).toContain(`cutover claim ${RUN} --as NAME`);
    await as('ada@example.com', 'claim');
    const { stdout } = await pilot.cutover('status', RUN);
    expect(stdout).toMatch(/Claimed +by ada@example\.com \(asserted\), since 2026-02-21T12:00:01/);
    expect(stdout).toMatch(/cutover release \S+ --as NAME +give it back \(claimed by ada@example\.com \(asserted\), since/);
    expect((await pilot.cutover('list')).stdout).toContain('db-restore-verifier, claimed by ada@example.com (asserted)');
    expect(JSON.parse((await pilot.cutover('status', RUN, '--json')).stdout)).toMatchObject({
      claim: { by: 'ada@example.com', level: 'asserted' },
    });
  });

  test('a rejection ends the claim', async () => {
    await as('ada@example.com', 'claim');
    expect((await as('ada@example.com', 'sign-off', '--reject', '--reason', 'stopped at 80 %')).code).toBe(0);
    expect(await as('bob@example.com', 'claim')).toMatchObject({ code: 1, stderr: expect.stringContaining('is in failed') });
    await pilot.cutover('replay', RUN, '--reason', 'restored again');
    expect((await as('bob@example.com', 'claim')).code).toBe(0);
  });
});
