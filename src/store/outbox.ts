/** What is to be told to the people of a channel. The channel is a name: where it leads, and its secrets, are not in the store. */
export interface NewMessage {
  /** What happened, in the machine's own word. */
  readonly kind: string;
  readonly channel: string;
  /** Plain JSON. */
  readonly payload: unknown;
}

/** `given-up`: the receiver refused it, or did not take it as often as it was tried. */
export type MessageState = 'pending' | 'delivered' | 'given-up';

export interface MessageRecord extends NewMessage {
  readonly messageId: number;
  readonly runId: string;
  /** The transition that it tells of. */
  readonly seq: number;
  /** The same at each attempt: by it a receiver knows what it was told before. */
  readonly key: string;
  readonly createdAt: string;
  readonly state: MessageState;
  /** Attempts that were begun. */
  readonly attempts: number;
  /** Not to be tried before this instant. */
  readonly nextAt: string;
  readonly settledAt: string | null;
  readonly lastError: string | null;
}

export interface MessageFilter {
  readonly runId?: string;
  readonly states?: readonly MessageState[];
}

/** A request for one message that is due, of these channels, for as long as `until`: nobody else is given it meanwhile. */
export interface MessageClaim {
  readonly channels: readonly string[];
  /** Unique to whoever asks. */
  readonly claimer: string;
  readonly at: string;
  readonly until: string;
}

/** What came of an attempt. */
export type Delivery =
  | { readonly state: 'delivered' }
  | { readonly state: 'pending'; readonly nextAt: string; readonly error: string }
  | { readonly state: 'given-up'; readonly error: string };

export function messageKey({ runId, seq, kind, channel }: Pick<MessageRecord, 'runId' | 'seq' | 'kind' | 'channel'>): string {
  return `${runId}:${seq}:${kind}:${channel}`;
}
