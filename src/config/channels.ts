import { quoted, type Judged } from './setting-rules.js';

/** Where people are told what happened to a run: a receiver of ours, or one that understands Slack's incoming webhooks. */
export const CHANNELS = ['webhook', 'slack'] as const;
export type Channel = (typeof CHANNELS)[number];

/** The variables that hold the receivers' URLs. They are secret: who knows one can write to the channel. */
export const CHANNEL_VARIABLES = {
  webhook: 'CUTOVER_NOTIFY_WEBHOOK',
  slack: 'CUTOVER_NOTIFY_SLACK',
} as const satisfies Readonly<Record<Channel, string>>;

/** Holds what the messages to `webhook` are signed with (HMAC-SHA-256). */
export const WEBHOOK_SECRET = 'CUTOVER_WEBHOOK_SECRET';
const LEAST_SECRET_LENGTH = 16;

/** Where a channel leads. */
export interface Receiver {
  readonly channel: Channel;
  readonly url: URL;
  /** Null where messages are not signed. */
  readonly secret: string | null;
}

/** The channels whose variable is set, whatever it is set to. */
export function configuredChannels(env: NodeJS.ProcessEnv): Channel[] {
  return CHANNELS.filter((channel) => (env[CHANNEL_VARIABLES[channel]] ?? '') !== '');
}

/** Judges what is set for a channel. No fault repeats a URL: it is a secret. */
export function judgeReceiver(channel: Channel, env: NodeJS.ProcessEnv): Judged<Receiver> {
  const variable = CHANNEL_VARIABLES[channel];
  const advice = `Set ${variable} to the receiver's https URL, or unset it.`;
  const text = env[variable] ?? '';
  if (text === '') return { fault: `${variable} is not set`, advice };
  if (!URL.canParse(text)) return { fault: `${variable} is no URL (not shown here)`, advice };
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return { fault: `${variable} holds credentials before its host`, advice };
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname))) {
    return { fault: `${variable} is ${quoted(url.protocol)} and leads to another machine; only https does`, advice };
  }
  if (channel !== 'webhook') return { value: { channel, url, secret: null } };
  const secret = env[WEBHOOK_SECRET] ?? '';
  if (secret.length < LEAST_SECRET_LENGTH) {
    return {
      fault: `${WEBHOOK_SECRET} ${secret === '' ? 'is not set' : `has less than ${LEAST_SECRET_LENGTH} characters`}`,
      advice: `Set it to a random text that the receiver knows too, such as of: openssl rand -hex 32`,
    };
  }
  return { value: { channel, url, secret } };
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d+){3}$/.test(hostname);
}
