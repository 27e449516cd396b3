import type { Claim } from '../machine/context.js';
import { claimant } from '../machine/human-gate.js';
import type { MissingSignatures } from '../machine/signatures.js';
import type { RunExplanation } from './run-explanation.js';

/** The command line cannot be understood as it was given: exit 64. */
export class UsageError extends Error {
  readonly code: string = 'USAGE';
}

/** A finding of the human gate: where and what. `line` is null where a whole file is meant. */
export interface GateFinding {
  readonly file: string;
  readonly line: number | null;
  /** The item of the checkpoint, or what kind of check it was. */
  readonly item: string;
  readonly message: string;
}

/** The human gate is closed: what was found says why. Exit 2, as at the pause: the run still waits. */
export class CheckpointIncompleteError extends Error {
  readonly code = 'CHECKPOINT_INCOMPLETE';
  constructor(
    readonly runId: string,
    /** The checkpoint, absolute. */
    readonly file: string,
    readonly findings: readonly GateFinding[],
    /** The command that follows once all is mended. */
    then: string,
  ) {
    super(
      `The DB restore verification of run ${runId} is not complete: ${findings.length} finding(s). ` +
        `Complete ${file}, then: ${then}`,
    );
  }
}

/** An edited checkpoint alone does not bring a withdrawn sign-off back: a person must give it on purpose. Exit 2. */
export class SignOffWithdrawnError extends Error {
  readonly code = 'SIGN_OFF_WITHDRAWN';
  constructor(
    readonly runId: string,
    readonly why: string,
  ) {
    super(
      `The sign-off of run ${runId} was withdrawn (${why}). The edited checkpoint does not count by itself any more. ` +
        `The verifier looks at the evidence again and gives it on purpose: cutover sign-off ${runId}`,
    );
  }
}

/** Another person has claimed the human gate. Exit 75: held, try again later. */
export class ClaimedError extends Error {
  readonly code = 'CLAIMED';
  constructor(
    readonly runId: string,
    readonly claim: Claim,
  ) {
    super(
      `The DB restore verification of run ${runId} is claimed by ${claimant(claim)}, since ${claim.at} (transition ${claim.seq}). Nothing was changed. ` +
        `If that is you, say so: --as NAME. ${claim.by} gives it back with: cutover release ${runId}; anyone else with: cutover release ${runId} --reason "..."`,
    );
  }
}

/** The policy wants a signature of a key, and none was given. Exit 2: the run still waits. */
export class SignatureRequiredError extends Error {
  readonly code = 'SIGNATURE_REQUIRED';
  constructor(
    readonly runId: string,
    /** The command that gives it, without its options for a key. */
    command: string,
    /** Where its statement is written to for a key elsewhere. */
    request: string,
  ) {
    super(
      `The policy of run ${runId} wants a signature that is ssh-verified: a name is not enough. Nothing was signed. ` +
        `With a key on this machine: ${command} --as NAME --sign-with FILE. With one elsewhere: ${command} --as NAME --request ${request}`,
    );
  }
}

/** A signature, or the statement that it is of, does not fit this run. Exit 1. */
export class SignatureRefusedError extends Error {
  readonly code = 'SIGNATURE_REFUSED';
  constructor(
    readonly runId: string,
    /** The file with the statement, or what stands for it. */
    readonly subject: string,
    what: string,
    advice: string,
  ) {
    super(`The signature of ${subject} does not count for run ${runId}: ${what}. Nothing was signed. ${advice}`);
  }
}

/** The questions at the terminal were left; what was answered is in the form. Exit 2: the run still waits. */
export class SignOffLeftError extends Error {
  readonly code = 'SIGN_OFF_LEFT';
  constructor(readonly runId: string) {
    super(`Left before it was signed: run ${runId} still waits. Go on where you were: cutover sign-off ${runId}`);
  }
}

/** A value that was frozen at start and is another one now. */
export interface Difference {
  readonly what: string;
  readonly frozen: string;
  readonly now: string;
}

/** The world is not the one in which the run was begun. */
export class DriftError extends Error {
  readonly code = 'DRIFT';
  constructor(
    readonly runId: string,
    readonly differences: readonly Difference[],
  ) {
    super(
      `The world has changed since run ${runId} was started: ${differences.map(({ what }) => what).join(', ')}. ` +
        'Nothing was done. Put it back as it was, or go on with it on the record: --accept-drift "<reason>"',
    );
  }
}

/** The run was signed off, and by its policy others have to sign as well. Exit 2, as at the pause: the run still waits. */
export class SignaturesMissingError extends Error {
  readonly code = 'SIGNATURES_MISSING';
  constructor(
    readonly runId: string,
    readonly missing: readonly MissingSignatures[],
  ) {
    const roles = missing.map(({ role, missing: count }) => `${role} (${count})`).join(', ');
    super(
      `Run ${runId} is signed off, and its policy wants more signatures before anything is sealed: ${roles}. ` +
        `Each gives it with: cutover sign ${runId} --role ROLE`,
    );
  }
}

/** The frozen policy does not let this person do this; the message names the rule, the person and who may instead. */
export class PermissionRefusedError extends Error {
  readonly code = 'PERMISSION_REFUSED';
  constructor(
    refusal: string,
    /** Null: there is no run yet. */
    readonly runId: string | null,
  ) {
    super(`${refusal}. ${runId === null ? 'No run was started.' : `Nothing was changed in run ${runId}.`}`);
  }
}

/** The run is not in a state in which the command does anything; the message says why and who may do what. */
export class RunStateError extends Error {
  constructor(
    readonly code:
      | 'RUN_FAILED'
      | 'RUN_ENDED'
      | 'REPLAY_REFUSED'
      | 'STAGING_DIRTY'
      | 'NOT_WAITING'
      | 'NOT_CLAIMED'
      | 'NOT_FAILED'
      | 'VERDICT_LOCKED'
      | 'NOT_SEALABLE'
      | 'NOT_SEALED'
      | 'NOT_VERIFIED'
      | 'LEASE_FREE'
      | 'FINDING_REFUSED'
      | 'GATE_EXPIRED'
      | 'NO_DRIFT'
      | 'NOT_SIGNED_OFF'
      | 'SIGNED_OFF_ALREADY'
      | 'SIGNATURE_NOT_WANTED',
    message: string,
    readonly runId: string,
  ) {
    super(message);
  }
}

/** An error of a command on a run, with why that stands where it does, and what each role can do next. The cause is the error itself. */
export class CommandError extends Error {
  constructor(
    override readonly cause: unknown,
    readonly runId: string,
    /** Null where there is nothing to say, or the run could not be looked at. */
    readonly explanation: RunExplanation | null,
  ) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
