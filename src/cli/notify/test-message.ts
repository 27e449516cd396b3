import { randomUUID } from 'node:crypto';
import { postMessage } from '../../actors/notify/post-message.js';
import { configuredChannels, judgeReceiver } from '../../config/channels.js';
import type { Io } from '../io.js';
import type { Message } from './message.js';
import { messageRequest } from './request.js';

/** A channel, and why its receiver did not take a message; null: it did. */
export interface TestedChannel {
  readonly channel: string;
  readonly error: string | null;
}

/** Sends a message that tells of no run to each channel of this environment. It is not kept, and not tried again. */
export async function sendTestMessages({ env, now, signal }: Pick<Io, 'env' | 'now' | 'signal'>): Promise<TestedChannel[]> {
  const message: Pick<Message, 'version' | 'kind' | 'at' | 'text' | 'change_ticket' | 'next'> = {
    version: 1,
    kind: 'test',
    at: now().toISOString(),
    text: 'A test of cutover: messages about runs arrive here.',
    change_ticket: null,
    next: [],
  };
  return Promise.all(
    configuredChannels(env).map(async (channel) => {
      const judged = judgeReceiver(channel, env);
      if ('fault' in judged) return { channel, error: `${judged.fault}. ${judged.advice}` };
      const request = messageRequest(judged.value, message, `test:${randomUUID()}`, now());
      const answer = await postMessage(judged.value.url, request, signal);
      return { channel, error: answer.taken ? null : answer.error };
    }),
  );
}
