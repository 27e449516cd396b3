import type { World } from '../config/settings.js';
import type { AttemptFailure, DrillPlan } from '../config/step-contracts.js';
import type { Identity } from '../evidence/history-record.js';
import type { LogDigest, SignOff } from './context.js';
import type { Countersignature } from './signatures.js';
import type { Place } from './steps.js';

/** The engine adds these to each event: the machine has no clock of its own. */
interface Recorded {
  readonly at: string;
  readonly seq: number;
  readonly who: Identity;
}

/** A person's decisions. */
export type HumanEvent =
  | { readonly type: 'SIGNED_OFF'; readonly signOff: SignOff }
  | { readonly type: 'COUNTERSIGNED'; readonly countersignature: Countersignature }
  | { readonly type: 'VERIFICATION_REJECTED'; readonly reason: string; readonly by: string }
  | { readonly type: 'CLAIMED' }
  | { readonly type: 'RELEASED'; readonly reason: string | null }
  | { readonly type: 'RETRY_REQUESTED'; readonly reason: string | null }
  | { readonly type: 'REPLAY_REQUESTED'; readonly from: Place; readonly reason: string; readonly override: boolean }
  | { readonly type: 'SEAL_REQUESTED'; readonly reason: string }
  | { readonly type: 'ABANDONED'; readonly reason: string; readonly acknowledgeLeftBehind: boolean }
  | { readonly type: 'SUPERSEDED'; readonly byRun: string }
  | {
      readonly type: 'FINDING_ACCEPTED';
      readonly reason: string;
      readonly file: string;
      readonly line: number;
      readonly kind: string;
      readonly sha256: string;
    }
  | { readonly type: 'LEASE_BROKEN'; readonly reason: string; readonly holder: string; readonly lastHeartbeat: string }
  | {
      readonly type: 'DRIFT_ACCEPTED';
      readonly reason: string;
      readonly facts: readonly string[];
      readonly world: World;
    }
  /** Someone who has not driven the run before does so from now on. */
  | { readonly type: 'DRIVER_JOINED' };

/** What the actors and the engine report. */
export type ReportedEvent =
  | { readonly type: 'RESUMED'; readonly interrupted: readonly { readonly step: string; readonly attempt: number }[] }
  | { readonly type: 'EXPIRED'; readonly expiresAt: string }
  | { readonly type: 'DRILL_PLANNED'; readonly plan: DrillPlan }
  | { readonly type: 'UPLOAD_BEGUN'; readonly key: string; readonly uploadId: string };

/** How an attempt ended. */
export type AttemptEvent =
  | {
      readonly type: `xstate.done.actor.${string}`;
      readonly output: unknown;
      readonly attempt: number;
      readonly logs: readonly LogDigest[];
    }
  | {
      readonly type: `xstate.error.actor.${string}`;
      readonly error: AttemptFailure;
      readonly attempt: number;
      readonly logs: readonly LogDigest[];
    };

export type PilotEvent = (HumanEvent | ReportedEvent | AttemptEvent) & Recorded;
