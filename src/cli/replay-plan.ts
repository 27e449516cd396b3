import type { RunView } from '../engine/engine.js';
import { attemptLogName } from '../evidence/layout.js';
import { isBefore, isStep, PLACES, type Place } from '../machine/steps.js';
import { contextOf } from './run-facts.js';

/** A log that makes room for the next attempt's. */
export interface KeptLog {
  readonly file: string;
  readonly as: string;
}

/** What a replay would do, place by place. */
export interface ReplayPlan {
  readonly places: readonly {
    readonly place: Place;
    /** It has a result, which no longer counts. */
    readonly isForgotten: boolean;
    readonly kept: KeptLog | null;
  }[];
  readonly isSignOffWithdrawn: boolean;
}

/** What would run again from a place on, which evidence would move, and whether the signature falls. Changes nothing. */
export function replayPlan(view: RunView, from: Place): ReplayPlan {
  const { results, signOff } = contextOf(view);
  return {
    places: PLACES.filter((place) => !isBefore(place, from)).map((place) => ({
      place,
      isForgotten: place in results,
      kept: keptLog(view, place),
    })),
    isSignOffWithdrawn: signOff !== null && !isBefore('awaitingDbVerification', from),
  };
}

/** The log that the place's last attempt began; a later step that wrote into it as well goes on with the new one. */
function keptLog({ attempts }: RunView, place: Place): KeptLog | null {
  const last = attempts.findLast(({ step, logFile }) => step === place && logFile !== null);
  if (last === undefined || last.logFile === null) return null;
  const { logFile: file, attempt } = last;
  const isBegunEarlier = attempts.some(({ step, logFile }) => logFile === file && isStep(step) && isBefore(step, place));
  return isBegunEarlier ? null : { file, as: attemptLogName(file, attempt) };
}
