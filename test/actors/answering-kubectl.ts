import { ActorError } from '../../src/actors/actor.js';
import { parseOutput } from '../../src/actors/kubectl-call.js';
import type { Kubectl } from '../../src/actors/kubectl.js';

export interface AnsweringKubectl extends Kubectl {
  readonly calls: string[];
}

/**
 * Answers what is asked for, by the arguments with spaces between them: with an object (checked as the real one checks it), a text,
 * or an error. Fails on what is not in `answers`.
 */
export function answeringKubectl(answers: Readonly<Record<string, unknown>>): AnsweringKubectl {
  const calls: string[] = [];
  const answer = (args: readonly string[]): unknown => {
    const call = args.join(' ');
    calls.push(call);
    if (!(call in answers)) throw new Error(`there is no answer to: kubectl ${call}`);
    if (answers[call] instanceof Error) throw answers[call];
    return answers[call];
  };
  return {
    calls,
    get: async (args, schema) => parseOutput(args, JSON.stringify(answer(args)), schema, {}),
    run: async (args) => String(answer(args)),
  };
}

export const notFound = () => new ActorError('KUBECTL_NOT_FOUND', 'kubectl failed: not found.');
export const forbidden = () => new ActorError('KUBECTL_FORBIDDEN', 'kubectl failed: forbidden.');
