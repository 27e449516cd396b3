/** Who asked for a transition, as far as it is known. `asserted`: nobody proved it. */
export interface Identity {
  /** The name that was given (`--as`), else the user of the session. */
  readonly user: string;
  readonly host: string;
  /** Of git in the directory of the command; else the name, where that is an address. */
  readonly email: string | null;
  /** The account of the operating system, whatever name was given; absent from records of earlier releases. */
  readonly osUser?: string;
  /** Who AWS says that the command's credentials are (STS), where the command asked it; a role's session where it is one. */
  readonly awsArn?: string;
  readonly level: 'asserted' | 'ssh-verified' | 'engine';
}

/**
 * One line of a run's history (58_history.ndjson), one transition. `hash` is the SHA-256 (hex) of the RFC 8785 canonical
 * JSON of all the other fields; `prev_hash` is the hash of the line before, or of the genesis (see hash-chain.ts).
 */
export interface HistoryRecord {
  readonly run_id: string;
  readonly seq: number;
  readonly at: string;
  readonly event: { readonly type: string; readonly [fact: string]: unknown };
  readonly from: string | null;
  readonly to: string;
  readonly who: Identity;
  readonly machine_version: string;
  readonly snapshot: unknown;
  readonly prev_hash: string;
  readonly hash: string;
}
