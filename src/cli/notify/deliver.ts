import { randomUUID } from 'node:crypto';
import { postMessage, type Answer } from '../../actors/notify/post-message.js';
import { configuredChannels, judgeReceiver, type Receiver } from '../../config/channels.js';
import type { Delivery, MessageRecord } from '../../store/outbox.js';
import type { Store } from '../../store/store.js';
import type { Io } from '../io.js';
import type { Message } from './message.js';
import { messageRequest } from './request.js';

/** A message that was not delivered now, and why. */
export interface Undelivered {
  readonly message: MessageRecord;
  readonly state: 'pending' | 'given-up';
  readonly error: string;
}

export interface DeliveryReport {
  readonly delivered: readonly MessageRecord[];
  readonly undelivered: readonly Undelivered[];
  /** Channels whose variables are wrong: nothing was sent there. */
  readonly faults: readonly string[];
}

/** Longer than an exchange may take: then whoever claimed a message is gone. */
const CLAIM_MS = 60_000;
/** After so many attempts, about 13 hours, nobody is there. */
export const MOST_ATTEMPTS = 20;
const FIRST_WAIT_MS = 30_000;
const LONGEST_WAIT_MS = 3_600_000;

/**
 * Delivers what is due to the channels that this environment knows, each in the order of time, all of them beside each other. A channel
 * that does not answer is left alone until the next time. Each message is delivered at least once: what was sent, and not recorded
 * because the process died, is sent again with the same key. Throws the signal's reason, and what the store throws.
 */
export async function deliverDue(
  store: Store,
  { env, now }: Pick<Io, 'env' | 'now'>,
  signal: AbortSignal,
): Promise<DeliveryReport> {
  const delivered: MessageRecord[] = [];
  const undelivered: Undelivered[] = [];
  const faults: string[] = [];
  await Promise.all(
    configuredChannels(env).map(async (channel) => {
      const judged = judgeReceiver(channel, env);
      if ('fault' in judged) {
        faults.push(`Nothing is sent to ${channel}: ${judged.fault}. ${judged.advice}`);
        return;
      }
      for (;;) {
        const sent = await deliverNext(store, judged.value, now, signal);
        if (sent === null) return;
        if (sent.error === null) delivered.push(sent.message);
        else undelivered.push({ message: sent.message, state: sent.state, error: sent.error });
        if (sent.state === 'pending') return;
      }
    }),
  );
  return { delivered, undelivered, faults };
}

type Sent = { readonly message: MessageRecord } & (
  { readonly state: 'delivered'; readonly error: null } | { readonly state: 'pending' | 'given-up'; readonly error: string }
);

/** Null when nothing is due. */
async function deliverNext(store: Store, receiver: Receiver, now: () => Date, signal: AbortSignal): Promise<Sent | null> {
  const claimer = randomUUID();
  const at = now();
  const until = after(at, CLAIM_MS);
  const message = await store.claimMessage({ channels: [receiver.channel], claimer, at: at.toISOString(), until });
  if (message === null) return null;
  const request = messageRequest(receiver, message.payload as Message, message.key, at);
  const delivery = deliveryOf(await postMessage(receiver.url, request, signal), message.attempts, now());
  await store.settleMessage(message.messageId, claimer, delivery, now().toISOString());
  if (delivery.state === 'delivered') return { message, state: delivery.state, error: null };
  return { message, state: delivery.state, error: delivery.error };
}

/** What is recorded of an answer to the attempt of this number. */
export function deliveryOf(answer: Answer, attempts: number, now: Date): Delivery {
  if (answer.taken) return { state: 'delivered' };
  if (answer.refused) return { state: 'given-up', error: answer.error };
  if (attempts >= MOST_ATTEMPTS) return { state: 'given-up', error: `${answer.error}, at the last of ${attempts} attempts` };
  const waitMs = Math.min(FIRST_WAIT_MS * 2 ** (attempts - 1), LONGEST_WAIT_MS);
  return { state: 'pending', error: answer.error, nextAt: after(now, waitMs) };
}

function after(at: Date, ms: number): string {
  return new Date(at.getTime() + ms).toISOString();
}
