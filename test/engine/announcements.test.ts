import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Definition } from '../../src/engine/definition.js';
import { operator, RUN } from '../store/builders.js';
import { toyActors } from './toy-actors.js';
import { toyDefinition } from './toy-machine.js';
import { approve, Toy } from './toy.js';

/** STARTED, gathered, PLANNED, built: then a toy run waits. */
const PAUSE_SEQ = 4;
const DUE = '2026-03-02T08:00:00.000Z';

describe('what a state waits for, and what is told of a transition', () => {
  let toy: Toy;
  let definition: Definition;
  beforeEach(() => {
    toy = new Toy();
    const plain = toyDefinition(toyActors({ ledger: toy.ledger }));
    definition = {
      ...plain,
      facts(snapshot) {
        const facts = plain.facts(snapshot);
        return { ...facts, deadlines: facts.status === 'waiting' ? [{ kind: 'expiry', dueAt: DUE, armedSeq: PAUSE_SEQ }] : [] };
      },
      announce: ({ to }) =>
        to === 'awaitingApproval' ? [{ kind: 'waiting', channel: 'webhook', payload: { text: 'hunter2 is asked' } }] : [],
    };
  });
  afterEach(() => toy.dispose());

  test('is committed with the transition, redacted as it is', async () => {
    const redact = <T>(value: T) => JSON.parse(JSON.stringify(value).replaceAll('hunter2', '[REDACTED]')) as T;
    const engine = await toy.engine({ definition, redact });
    await engine.start(toy.request());
    const store = await toy.store();
    expect(await store.messages()).toMatchObject([{ runId: RUN, seq: PAUSE_SEQ, payload: { text: '[REDACTED] is asked' } }]);
    expect(await store.deadlines(RUN)).toMatchObject([{ kind: 'expiry', dueAt: DUE, armedSeq: PAUSE_SEQ, endedSeq: null }]);
    await engine.resume(RUN, operator, approve);
    expect(await store.deadlines(RUN)).toMatchObject([{ endedSeq: PAUSE_SEQ + 1 }]);
    expect(await store.messages()).toHaveLength(1);
  });
});
