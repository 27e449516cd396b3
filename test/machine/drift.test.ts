import { describe, expect, test } from '@jest/globals';
import { EventRefusedError } from '../../src/engine/errors.js';
import { isStep, PLACES } from '../../src/machine/steps.js';
import { driftedWorld, settings, world } from './pilot-facts.js';
import { PilotRun } from './pilot-run.js';

const start = PilotRun.start();

describe('an accepted drift', () => {
  test('is refused before the preflight has seen a world to compare with', () => {
    expect(() => start.acceptDrift()).toThrow(EventRefusedError);
    expect(() => start.fail().acceptDrift()).toThrow(EventRefusedError);
  });

  test.each(PLACES.slice(1))('in %s changes nothing but the world, and is put on record', (place) => {
    const run = start.to(place);
    const drifted = run.acceptDrift();
    expect(drifted.state).toBe(place);
    expect(drifted.last).toMatchObject({ spawns: [], stops: [] });
    expect(drifted.context).toEqual({
      ...run.context,
      exceptions: [
        {
          at: expect.any(String),
          by: 'operator (asserted)',
          what: 'drift accepted (kubeServer: changed)',
          reason: 'the cluster moved',
          reviewBy: '2026-02-28',
        },
      ],
      acceptedWorlds: [{ seq: expect.any(Number), world: driftedWorld }],
      acceptedDrift: ['kubeServer: changed'],
    });
  });

  test('is the world of every step that is made from then on', () => {
    for (const place of PLACES.filter((one) => isStep(one) && one !== 'preflight')) {
      const { input } = start.to(place).acceptDrift().resumed();
      if ('world' in (input as object)) expect(input).toMatchObject({ world: driftedWorld, settings });
    }
    expect(start.to('runningRcGates').acceptDrift().to('runningStagingDryRun').input).toMatchObject({ world: driftedWorld });
    expect(start.to('awaitingDbVerification').acceptDrift().replay('drillingAppRollback').input).toMatchObject({
      world: driftedWorld,
    });
  });

  test('is forgotten with the preflight, which looks at the world again', () => {
    const replayed = start.to('awaitingDbVerification').acceptDrift().replay('preflight');
    expect(replayed.to('runningStagingDryRun').input).toMatchObject({ world });
    expect(replayed.context.exceptions.map(({ what }) => what)).toEqual([
      'drift accepted (kubeServer: changed)',
      'replayed from preflight',
    ]);
  });

  test('is listed in the result summary', () => {
    const { summary } = start.to('awaitingDbVerification').acceptDrift().to('completed').context;
    expect(summary?.document.exceptions).toEqual([
      expect.stringMatching(
        / operator \(asserted\): drift accepted \(kubeServer: changed\): the cluster moved \(review by 2026-02-28\)$/,
      ),
    ]);
  });

  test('after the gates does not change the commit that the summary names: it is the one they ran on', () => {
    const moved = { ...driftedWorld, gitHead: 'f'.repeat(40) };
    const after = start.to('awaitingDbVerification').acceptDrift(moved).to('completed');
    expect(after.context.summary?.document.gitHead).toBe(world.gitHead);
    const before = start.to('runningRcGates').acceptDrift(moved).to('completed');
    expect(before.context.summary?.document.gitHead).toBe(moved.gitHead);
  });

  test('is refused by a run that has ended', () => {
    expect(() => start.abandon().acceptDrift()).toThrow(EventRefusedError);
    expect(() => start.to('completed').acceptDrift()).toThrow(EventRefusedError);
  });
});
