import type { PilotContext } from './context.js';
import type { PilotEvent } from './events.js';

/** The human pause that the run is in. */
export interface Pause {
  readonly enteredAt: string;
  /** The transition that entered it: a replay of the pause makes another one. */
  readonly enteredSeq: number;
  /** From this instant on the gate can't be signed any more; null: it waits for as long as it takes. */
  readonly expiresAt: string | null;
}

/** Something that is due while the pause lasts. */
export interface PauseDeadline {
  /** `expiry`, or `reminder-12h`: so many hours after the pause was entered. */
  readonly kind: string;
  readonly dueAt: string;
  readonly armedSeq: number;
}

export const EXPIRY = 'expiry';

/** Armed by the transition that enters the pause, for as long as the frozen policy says. */
export function enterPause({ context, event }: { readonly context: PilotContext; readonly event: PilotEvent }): {
  readonly pause: Pause;
} {
  const { expiresAfterHours } = context.request.policy.pause;
  const expiresAt = expiresAfterHours === null ? null : hoursAfter(event.at, expiresAfterHours);
  return { pause: { enteredAt: event.at, enteredSeq: event.seq, expiresAt } };
}

/** Whether the gate is closed at an instant, by the clock of whoever records it. */
export function hasExpired({ pause }: Pick<PilotContext, 'pause'>, at: string): boolean {
  return pause !== null && pause.expiresAt !== null && Date.parse(at) >= Date.parse(pause.expiresAt);
}

/** What is due while the pause lasts, in the order of time; nothing outside of it. A reminder that would come too late is none. */
export function pauseDeadlines({ pause, request }: Pick<PilotContext, 'pause' | 'request'>): PauseDeadline[] {
  if (pause === null) return [];
  const { enteredAt, enteredSeq: armedSeq, expiresAt } = pause;
  const reminders = [...new Set(request.policy.pause.remindAfterHours)]
    .map((hours) => ({ kind: `reminder-${hours}h`, dueAt: hoursAfter(enteredAt, hours), armedSeq }))
    .filter(({ dueAt }) => expiresAt === null || Date.parse(dueAt) < Date.parse(expiresAt));
  return [...reminders, ...(expiresAt === null ? [] : [{ kind: EXPIRY, dueAt: expiresAt, armedSeq }])];
}

function hoursAfter(at: string, hours: number): string {
  return new Date(Date.parse(at) + hours * 3_600_000).toISOString();
}
