/** An instant at which something is due while a run rests in a state. `kind` is the machine's own word. */
export interface Deadline {
  readonly kind: string;
  readonly dueAt: string;
  /** The transition that armed it: once that state is left, nothing of it is due any more. */
  readonly armedSeq: number;
}

export interface DeadlineRecord extends Deadline {
  readonly runId: string;
  /** When what was due was done; null while it is not. */
  readonly firedAt: string | null;
  /** The transition that left the state; null while it lasts. */
  readonly endedSeq: number | null;
}
