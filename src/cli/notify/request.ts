import { createHmac } from 'node:crypto';
import type { Receiver } from '../../config/channels.js';
import type { Message } from './message.js';

/** Of a message, what every channel needs. */
type Told = Pick<Message, 'text' | 'change_ticket' | 'next'>;

/** What is sent of a message: the body, and the headers beside its content type. */
export interface MessageRequest {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * A message in the form of its channel. To `webhook` it is the message itself, with a signature over the time of sending and the very
 * bytes of the body, so that a receiver can tell who sent it, and a request that somebody sends again later.
 * @param key the same at each attempt.
 */
export function messageRequest({ channel, secret }: Receiver, message: Told, key: string, now: Date): MessageRequest {
  const headers = { 'idempotency-key': key };
  if (channel === 'slack') return { body: JSON.stringify({ text: slackText(message) }), headers };
  const body = JSON.stringify({ ...message, key });
  const timestamp = String(Math.floor(now.getTime() / 1000));
  return {
    body,
    headers: {
      ...headers,
      'x-cutover-timestamp': timestamp,
      ...(secret === null
        ? {}
        : { 'x-cutover-signature': `sha256=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}` }),
    },
  };
}

/** Source: Slack, "Formatting text for app surfaces": these three are escaped, a command is code. */
function slackText({ text, change_ticket: ticket, next }: Told): string {
  const lines = next.map(({ role, command, why }) => `• ${escaped(role)}: \`${escaped(command)}\` (${escaped(why)})`);
  return [escaped(text), ...(ticket === null ? [] : [`Change ticket: ${escaped(ticket)}`]), ...lines].join('\n');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
