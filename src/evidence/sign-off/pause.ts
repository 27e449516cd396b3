import type { HistoryRecord } from '../history-record.js';

/** The human pause, as the history names it. */
export const PAUSE = 'awaitingDbVerification';

/** Whether a transition begins the pause, for the first time or anew: what was signed before it does not count any more. */
export function beginsPause({ event, from, to }: Pick<HistoryRecord, 'event' | 'from' | 'to'>): boolean {
  return to === PAUSE && (from !== PAUSE || event.type === 'REPLAY_REQUESTED');
}
