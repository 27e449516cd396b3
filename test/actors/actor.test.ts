import { expect, test } from '@jest/globals';
import { ActorError } from '../../src/actors/actor.js';

test('an expected failure has a code, a message and its facts, and a cause only when there is one', () => {
  const plain = new ActorError('CODE', 'what, where, what to do');
  expect([plain.name, plain.code, plain.message, plain.options]).toEqual(['ActorError', 'CODE', 'what, where, what to do', {}]);
  expect('cause' in plain).toBe(false);
  const cause = new Error('beneath');
  expect(new ActorError('CODE', 'message', { cause, transient: true })).toMatchObject({ cause, options: { transient: true } });
});
