import { describe, expect, test } from '@jest/globals';
import { ActorError } from '../../../src/actors/actor.js';
import { failed, passed } from '../../../src/actors/check.js';
import { orFailedCheck } from '../../../src/actors/preconditions/precondition.js';

const signal = new AbortController().signal;
const stopped = AbortSignal.abort(new Error('stopped'));

describe('a pre-condition', () => {
  test('has passed or failed, with what to do', () => {
    expect(passed('a', 'b')).toEqual({ name: 'a', ok: true, message: 'b', advice: null });
    expect(failed('a', 'b', 'c')).toEqual({ name: 'a', ok: false, message: 'b', advice: 'c' });
  });

  test('finds what it finds', async () => {
    const finding = { checks: [passed('a', 'b')], facts: { seen: 1 } };
    expect(await orFailedCheck('a', signal, () => Promise.resolve(finding))).toBe(finding);
  });

  test('has failed when what it asks has failed', async () => {
    const look = () => Promise.reject(new ActorError('KUBECTL_MISSING', 'kubectl cannot be run.'));
    expect(await orFailedCheck('4. kubectl', signal, look)).toEqual({
      checks: [
        {
          name: '4. kubectl',
          ok: false,
          message: 'KUBECTL_MISSING: kubectl cannot be run.',
          advice: 'Mend this, then start again.',
        },
      ],
      facts: null,
    });
  });

  test('has not failed by a fault of ours, or when the run is stopped', async () => {
    await expect(orFailedCheck('a', signal, () => Promise.reject(new Error('a fault')))).rejects.toThrow('a fault');
    const look = () => Promise.reject(new ActorError('KUBECTL_FAILED', 'killed'));
    await expect(orFailedCheck('a', stopped, look)).rejects.toThrow('stopped');
  });
});
