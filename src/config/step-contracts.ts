import type { LockMode, RunRequest, Settings, World } from './settings.js';
import type { Site } from './site.js';

/**
 * The contract between the machine and the actors: for each effect, what it is given and what it has proven when it resolves.
 * Inputs and outputs are plain JSON without secrets: both are recorded in the run's history. A failure is an `ActorError`.
 */
export interface StepContracts {
  checkPreconditions: { input: { readonly request: RunRequest }; output: PreflightFacts };
  captureScope: { input: ScopeInput; output: { readonly file: string } };
  runRcGates: { input: { readonly settings: Settings }; output: RcGatesFacts };
  runStagingDryRun: { input: StagingInput; output: StagingFacts };
  drillAppRollback: { input: StagingInput & { readonly plan: DrillPlan | null }; output: DrillFacts };
  restoreStaging: { input: StagingInput & { readonly plan: DrillPlan }; output: DrillFacts };
  prepareCheckpoint: { input: CheckpointInput; output: { readonly file: string; readonly directory: string } };
  scanEvidence: { input: Scanned; output: ScanFacts };
  createArchive: { input: ArchiveInput & Scanned; output: ArchiveFacts };
  hashArchive: { input: { readonly archive: ArchiveFacts }; output: { readonly sha256: string; readonly size: number } };
  computeRetention: { input: { readonly settings: Settings }; output: RetentionFacts };
  uploadToWorm: { input: UploadInput; output: UploadFacts };
  verifyUpload: { input: VerifyInput; output: VerifiedFacts };
  publishSummary: { input: SummaryInput & Scanned; output: PublishedFacts };
}
export type ActorName = keyof StepContracts;

/** The plain form in which a failed attempt is recorded (an `Error` in JSON is `{}`). */
export interface AttemptFailure {
  readonly code: string;
  readonly message: string;
  readonly details: unknown;
  /** True where the same call may succeed a moment later. */
  readonly transient: boolean;
}

/** One check and what was found; `message` says what was expected and what was seen, `advice` what to do when it is not ok. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly message: string;
  readonly advice: string | null;
}

/** Who signs the attestation: a key that is known by its id. */
export interface Signer {
  /** `pem`: a PKCS #8 key and its own signature algorithm; `ssh`: an OpenSSH key and `ssh-keygen -Y`. */
  readonly kind: 'pem' | 'ssh';
  /** `pem`: SHA-256 (hex) of the public key's DER; `ssh`: the fingerprint as `ssh-keygen -l` shows it. */
  readonly keyId: string;
  /** PEM, or one line as in a `.pub` file, without its comment. */
  readonly publicKey: string;
}

export interface PreflightFacts {
  readonly checks: readonly Check[];
  readonly settings: Settings;
  readonly world: World;
  /** What the environment lock is about: `<server URL>/<namespace>`. */
  readonly environment: string;
  /** Null: the attestation will not be signed. */
  readonly signer: Signer | null;
}

export interface ScopeInput {
  readonly settings: Settings;
  readonly site: Site;
  readonly world: World;
  readonly operator: string;
  /** The genesis hash of the run's history. */
  readonly chainId: string;
}

export interface RcGatesFacts {
  readonly runner: string;
  readonly exitCode: 0;
  readonly durationMs: number;
  readonly outputBytes: number;
}

export interface StagingInput {
  readonly settings: Settings;
  readonly world: World;
}

export interface StagingFacts {
  readonly checks: readonly Check[];
  readonly configMaps: number;
  readonly secretProviderClasses: number;
}

export interface CheckpointInput {
  /** UTC, whole seconds. */
  readonly createdAt: string;
  /** As people see it. */
  readonly runDirectory: string;
  readonly site: Site;
}

/** Which ReplicaSet: the revision number is not part of it, since the controller renumbers what it restores. */
export interface ReplicaSetIdentity {
  readonly uid: string;
  readonly name: string;
  readonly podTemplateHash: string;
  readonly images: readonly string[];
  /** The revision when the plan was made; for people. */
  readonly revision: number;
}

/** What runs before the drill, and what each deployment is rolled back to: recorded before the first undo. */
export interface DrillPlan {
  readonly deployments: readonly {
    readonly name: string;
    readonly original: ReplicaSetIdentity;
    readonly target: ReplicaSetIdentity;
  }[];
}

export interface DrillFacts {
  readonly deployments: readonly {
    readonly name: string;
    readonly uid: string;
    readonly podTemplateHash: string;
    readonly revision: number;
    /** False when it ran there already (an earlier attempt had done it). */
    readonly undone: boolean;
  }[];
}

export interface ScanFacts {
  readonly filesScanned: number;
  readonly bytesScanned: number;
  /** Findings that a person took for no secrets; left out where there are none. */
  readonly accepted?: number;
}

/** A finding of the secret scan, in a file as it was then. `line` 0: in its name. */
export interface Finding {
  readonly file: string;
  readonly line: number;
  readonly kind: string;
  /** Of the evidence file; of the outermost archive, when it is within one. */
  readonly sha256: string;
}

export interface AcceptedFinding extends Finding {
  readonly by: string;
  readonly reason: string;
}

/** What a step had come to when the scan of its files failed it. */
export interface HeldOutcome {
  readonly output: unknown;
  /** Each log as the step left it, by its name: restoring staging goes on in that of the drill. `size` in bytes. */
  readonly files: Readonly<Record<string, { readonly sha256: string; readonly size: number }>>;
}

/** What is told to every step besides its input, where there is anything to tell. */
export interface Scanned {
  readonly scan?: { readonly accepted: readonly AcceptedFinding[]; readonly held: HeldOutcome | null };
}

/** SHA-256 (hex) of each signed file by its name. */
export type SignedFiles = Readonly<Record<string, string>>;

export interface ArchiveInput {
  /** The last transition that the archive's history holds. */
  readonly upToSeq: number;
  /** What was signed; null when a run is sealed without a sign-off (verdict FAIL). */
  readonly signedFiles: SignedFiles | null;
}

export interface ArchiveFacts {
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
  readonly files: number;
  /** The hash of the history's last record in the archive. */
  readonly chainHead: string;
}

export interface RetentionFacts {
  /** UTC, whole seconds. */
  readonly retainUntil: string;
  /** The manifest's `generated_at`: the same on every retry. */
  readonly generatedAt: string;
}

/** The bucket and the account that it must be of (12 digits): S3 refuses each request when it is another one's. */
interface BucketInput {
  readonly settings: Settings;
  readonly bucketOwner: string;
}

export interface UploadInput extends BucketInput {
  readonly key: string;
  readonly archive: ArchiveFacts;
  readonly retainUntil: string;
  /** The multipart uploads that were begun, by key: each of them can still become the version at its key. */
  readonly uploads: Uploads;
}

/** Upload ids by key. */
export type Uploads = Readonly<Record<string, string>>;

export interface UploadFacts {
  readonly versionId: string;
  readonly etag: string;
  /** True when an earlier attempt's upload was found and taken over. */
  readonly adopted: boolean;
  /** The SHA-256 of the parts' SHA-256, as S3 tells it: `<base64>-<number of parts>`. */
  readonly checksum: string;
}

export interface VerifyInput extends UploadInput {
  readonly upload: UploadFacts;
  readonly upToSeq: number;
  readonly generatedAt: string;
  readonly verdict: Verdict;
}

export interface VerifiedFacts {
  readonly lockMode: LockMode;
  readonly retainUntil: string;
  readonly contentVerifiedBy: 'checksum-sha256' | 'download';
}

export type Verdict = 'PASS' | 'FAIL';

/** One line of the result summary: the fact says what it rests on. */
export interface Criterion {
  readonly name: string;
  readonly result: 'PASS' | 'FAIL' | 'NOT RUN';
  readonly fact: string;
}

export interface SignatureRow {
  readonly role: string;
  readonly name: string;
  /** YYYY-MM-DD, or empty. */
  readonly date: string;
  /** A key's fingerprint, "asserted", "automated", or empty. */
  readonly signature: string;
}

/** A step as the attestation shows it. `FAIL`: its last failure was not made good; the facts of one that was never begun are null. */
export interface AttestedStep {
  readonly name: string;
  readonly result: 'PASS' | 'FAIL' | 'NOT RUN';
  readonly at: string | null;
  readonly attempt: number | null;
  /** The transition that recorded the result. */
  readonly seq: number | null;
  /** Why it failed. */
  readonly code: string | null;
  readonly logs: readonly { readonly file: string; readonly sha256: string; readonly size: number }[];
}

/** What the attestation says of a sealed run, derived from recorded facts alone. */
export interface AttestedFacts {
  /** The name of the service that was cut over. */
  readonly service: string;
  /** Null: none was given. */
  readonly changeTicket: string | null;
  readonly run: { readonly id: string; readonly startedAt: string; readonly operator: string; readonly machineVersion: string };
  readonly verdict: Verdict;
  readonly attestedAt: string;
  readonly environment: string;
  readonly commit: { readonly head: string; readonly branch: string; readonly status: string };
  readonly steps: readonly AttestedStep[];
  readonly signOffs: readonly {
    readonly role: string;
    readonly signer: string;
    readonly level: string;
    /** The key of an `ssh-verified` one. */
    readonly key: { readonly principal: string; readonly fingerprint: string } | null;
    readonly date: string;
    readonly meaning: string;
    readonly seq: number;
    readonly files: SignedFiles;
  }[];
  readonly exceptions: readonly {
    readonly at: string;
    readonly by: string;
    readonly what: string;
    readonly reason: string;
    /** YYYY-MM-DD (UTC). */
    readonly reviewBy: string;
  }[];
  readonly archive: { readonly sha256: string; readonly size: number };
  /** Of the run's history: its genesis, and the last transition that the archive holds. */
  readonly chain: { readonly genesis: string; readonly sealed: ChainHead };
  readonly lock: {
    readonly key: string;
    readonly versionId: string;
    readonly mode: LockMode;
    readonly retainUntil: string;
    /** GOVERNANCE: by those who hold s3:BypassGovernanceRetention. */
    readonly bypassable: boolean;
  };
  /** Null: not signed. */
  readonly signedBy: { readonly kind: Signer['kind']; readonly keyId: string } | null;
  /** The URL of the authority that is asked to stamp the signature; null: nobody is. */
  readonly timestampedBy: string | null;
}

export interface ChainHead {
  readonly seq: number;
  readonly hash: string;
}

/** What 90_result_summary.txt says, derived from recorded facts alone. */
export interface ResultSummary {
  /** The heading, without "RESULT SUMMARY". */
  readonly title: string;
  readonly timestamp: string;
  readonly evidenceDir: string;
  readonly gitHead: string;
  /** Null: none was given. */
  readonly changeTicket: string | null;
  readonly criteria: readonly Criterion[];
  /** Overrides and exceptions on the record, a line each. */
  readonly exceptions: readonly string[];
  readonly signatures: readonly SignatureRow[];
  /** Whose rules the signatures are by. */
  readonly policy: string;
  readonly lockMode: LockMode | null;
  /** How the attestation is signed. */
  readonly attestation: string;
  readonly verdict: Verdict;
}

/** What the manifest was made of, too: it is locked as these facts say. */
export interface SummaryInput extends VerifyInput {
  readonly verified: VerifiedFacts;
  /** Of 70_worm_upload_stdout.txt, as the verification left it; null where none is on record. */
  readonly uploadLogSha256: string | null;
  readonly summary: ResultSummary;
  readonly attested: AttestedFacts;
  readonly signer: Signer | null;
  /** The history in 80_history_after_seal.ndjson: seq in (after, upTo]. */
  readonly tail: { readonly after: number; readonly upTo: number };
}

export interface PublishedFacts {
  readonly verdict: Verdict;
  /** Why the manifest was written anew, from what is on record; left out where it was not. */
  readonly manifestWas?: 'missing' | 'changed';
  readonly objects: readonly {
    readonly name: string;
    readonly key: string;
    readonly versionId: string;
    readonly sha256: string;
  }[];
}
