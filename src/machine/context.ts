import type { Level, SigningRole } from '../config/policy.js';
import type { RunRequest, World } from '../config/settings.js';
import type {
  AcceptedFinding,
  AttestedFacts,
  DrillPlan,
  ResultSummary,
  SignedFiles,
  StepContracts,
  Uploads,
  Verdict,
} from '../config/step-contracts.js';
import type { Identity } from '../evidence/history-record.js';
import { named } from '../evidence/person.js';
import type { SshSignature } from '../evidence/sign-off/statement.js';
import { exceptionOf, type Exception } from './exceptions.js';
import type { Pause } from './pause.js';
import type { Countersignature } from './signatures.js';
import type { Place, StepName, STEPS } from './steps.js';

/** The output type of a step. */
export type StepFacts<S extends StepName> = StepContracts[(typeof STEPS)[S]['actor']]['output'];

/** What a step has proven, and when. */
export interface StepResult {
  readonly at: string;
  readonly seq: number;
  readonly attempt: number;
  readonly facts: unknown;
  readonly logs: readonly LogDigest[];
}

/** The digest of a log as its attempt left it. */
export interface LogDigest {
  readonly file: string;
  readonly sha256: string;
  readonly size: number;
}

export interface Failure {
  readonly step: Place;
  readonly code: string;
  readonly message: string;
  readonly details: unknown;
  readonly at: string;
  readonly seq: number;
  readonly attempt: number | null;
  /** Who drove the attempt that failed; null where none did. */
  readonly by: Identity | null;
}

/** What a person signed: bound to the run, its history up to `seq` and the exact bytes of the evidence. */
export interface SignOff {
  readonly runId: string;
  readonly role: 'db-restore-verifier';
  /** What the signature means, in a sentence. */
  readonly meaning: string;
  /** The last transition that the signer could see. */
  readonly seq: number;
  readonly signer: string;
  /** YYYY-MM-DD (UTC), as the signer wrote it. */
  readonly date: string;
  /** `asserted`: at a terminal, or by the edited checkpoint; nobody proved that the signer is who the name says. */
  readonly level: Level;
  readonly files: SignedFiles;
  /** With the level `ssh-verified`. */
  readonly signature?: SshSignature;
}

/** Who gave a signature that counts, by every name that is known. */
export interface Signer {
  readonly role: SigningRole;
  readonly names: readonly string[];
  /** Who gave it in another's name, which nobody proved; null for those who signed themselves, or with a key. */
  readonly givenBy: string | null;
}

/** A verifier who has taken the human gate upon himself, so that nobody else does the same work. */
export interface Claim {
  readonly by: string;
  readonly at: string;
  readonly seq: number;
}

export interface Seal {
  readonly verdict: Verdict;
  /** The last transition that the archive holds. */
  readonly upToSeq: number;
  /** From the first upload on, the archive on disk and its recorded digest are the truth. */
  readonly putBegan: boolean;
  /** The uploads that were begun, by key; absent until the first one. */
  readonly uploads?: Uploads;
}

export interface PilotContext {
  readonly runId: string;
  readonly startedAt: string;
  readonly operator: Identity;
  readonly evidenceDir: string;
  readonly request: RunRequest;
  readonly results: Readonly<Partial<Record<StepName, StepResult>>>;
  /** Worlds that a person accepted instead of the one of the preflight, with the seq from which each counts. */
  readonly acceptedWorlds: readonly { readonly seq: number; readonly world: World }[];
  /** What was found to differ from what is frozen, and accepted, each in the words of its event: what is frozen stays in force. */
  readonly acceptedDrift: readonly string[];
  /** Everyone who started the run, or drove it on. */
  readonly drivers: readonly Identity[];
  /** Everyone who accepted a finding or a drift. */
  readonly acceptors: readonly Identity[];
  /** Attempts of a step since it was entered by something else than a retry: what `maxAttempts` counts. */
  readonly attemptsInARow: number;
  readonly drill: {
    readonly plan: DrillPlan | null;
    readonly restored: boolean;
    /** A person accepted on the record that deployments stay rolled back. */
    readonly leftBehind: boolean;
  };
  /** Set while the run is in the human pause. */
  readonly pause: Pause | null;
  readonly signOff: SignOff | null;
  /** What a policy wants besides the sign-off; each falls with it. */
  readonly countersignatures: readonly Countersignature[];
  /** Of the sign-off and the countersignatures, in this order. */
  readonly signers: readonly Signer[];
  /** Why a sign-off no longer counts; a new one must then be given on purpose (`cutover sign-off`). */
  readonly signOffWithdrawn: string | null;
  /** Only at the pause. */
  readonly claim: Claim | null;
  readonly seal: Seal | null;
  /** Frozen when the summary is due: what it and the attestation say, and up to which transition. */
  readonly summary: { readonly document: ResultSummary; readonly attested: AttestedFacts; readonly upToSeq: number } | null;
  /** Why the run stands still; null while it goes on. */
  readonly failure: Failure | null;
  /** The last failure of each place that has not been proven since: what the summary calls FAIL. */
  readonly failures: Readonly<Partial<Record<Place, Failure>>>;
  readonly exceptions: readonly Exception[];
  /** Set when a run is being abandoned and staging must be restored first. */
  readonly abandoning: boolean;
}

export interface PilotInput {
  readonly runId: string;
  readonly at: string;
  readonly operator: Identity;
  readonly evidenceDir: string;
  readonly request: RunRequest;
}

/**
 * Made once: xstate's `transition` makes an actor without input with each call, for the sake of its scope (createInertActorScope), and
 * throws away what comes of it. An error with a stack of its own would take longer than the transition.
 */
const NO_INPUT = new Error('a run begins with its input');

/** Throws without an input. */
export function initialContext({ input }: { input: PilotInput | undefined }): PilotContext {
  if (input === undefined) throw NO_INPUT;
  const { request, at, operator } = input;
  const vouched = [
    request.commitsOk === null ? [] : [{ what: 'required commits not checked (--commits-ok)', reason: request.commitsOk }],
    request.contextOk === null
      ? []
      : [{ what: `kube context accepted by name (--context-ok ${request.contextOk})`, reason: 'vouched for by the operator' }],
    request.again === null ? [] : [{ what: 'another run of the same deployment cycle (--again)', reason: request.again }],
  ].flat();
  return {
    runId: input.runId,
    startedAt: at,
    operator,
    evidenceDir: input.evidenceDir,
    request,
    results: {},
    acceptedWorlds: [],
    acceptedDrift: [],
    drivers: [operator],
    acceptors: [],
    attemptsInARow: 1,
    drill: { plan: null, restored: false, leftBehind: false },
    pause: null,
    signOff: null,
    countersignatures: [],
    signers: [],
    signOffWithdrawn: null,
    claim: null,
    seal: null,
    summary: null,
    failure: null,
    failures: {},
    exceptions: vouched.map((vouch) => exceptionOf(request, { at, by: named(operator), ...vouch })),
    abandoning: false,
  };
}

/** The facts of a step that must have been proven before; its absence is a defect of the machine, never a default. */
export function proven<S extends StepName>(context: PilotContext, step: S): StepFacts<S> {
  const result = context.results[step];
  if (result === undefined) throw new Error(`${step} is not proven in run ${context.runId}`);
  return result.facts as StepFacts<S>;
}

/** The world that a run counts on, now or as it was at a transition: the preflight's, or the last one accepted since. */
export function worldOf(context: PilotContext, atSeq = Infinity): World {
  const { world } = proven(context, 'preflight');
  const seenAt = context.results.preflight?.seq ?? 0;
  return context.acceptedWorlds.findLast(({ seq }) => seenAt < seq && seq < atSeq)?.world ?? world;
}

/**
 * The world that the gates ran in, whatever was accepted after them, be it on the way to a seal that says that they failed. Of gates
 * that never ended, the one that the seal found; of those that may still run, the one that they will.
 */
export function gatedWorld(context: PilotContext): World {
  const { results, failures, seal } = context;
  return worldOf(context, results.runningRcGates?.seq ?? failures.runningRcGates?.seq ?? seal?.upToSeq);
}

/** An undo was begun, and staging neither restored nor left as it is on the record. */
export function stagingIsDirty({ drill }: PilotContext): boolean {
  return drill.plan !== null && !drill.restored && !drill.leftBehind;
}

/** What a person took for no secret, in one file as it was then. */
export function acceptedFindings({ exceptions }: PilotContext): AcceptedFinding[] {
  return exceptions.flatMap(({ finding, by, reason }) => (finding === undefined ? [] : [{ ...finding, by, reason }]));
}
