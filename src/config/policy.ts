/** How sure it is that a signature is of whom it names. `ssh-verified`: by a key that the policy's allowed signers list. */
export const LEVELS = ['asserted', 'ssh-verified'] as const;
export type Level = (typeof LEVELS)[number];

/** Looked for in the directory of the run when no other one is named. */
export const POLICY_FILE = 'cutover.policy.yaml';

/** Who acts on a run. The first two drive and decide, the others sign. */
export const ROLES = ['operator', 'supervisor', 'db-restore-verifier', 'sre-lead', 'engineering-lead'] as const;
export type PolicyRole = (typeof ROLES)[number];
export const SIGNING_ROLES = ['db-restore-verifier', 'sre-lead', 'engineering-lead'] as const;
export type SigningRole = (typeof SIGNING_ROLES)[number];

export interface RolePolicy {
  /** User names, mail addresses or key fingerprints (`SHA256:...`); null: anyone. */
  readonly members: readonly string[] | null;
  /** The least that a signature of this role must be; of those that only decide it is always `asserted`. */
  readonly minimumLevel: Level;
  /** How many different people of this role must sign before anything is sealed; 0 where the role need not sign. */
  readonly quorum: number;
}

/** Who may do what, as a site has it: frozen when a run is created. Plain JSON, no secret. */
export interface Policy {
  /** SHA-256 (hex) of the file's bytes; null: there is none, and these are the defaults. */
  readonly sha256: string | null;
  readonly roles: Readonly<Record<PolicyRole, RolePolicy>>;
  /** Separation of duties is enforced: signers did not drive the run, one person has one role, nobody lets his own failure pass. */
  readonly separation: boolean;
  /** The text of the allowed signers (ssh-keygen(1), "ALLOWED SIGNERS"); null: nobody can sign with a key. */
  readonly allowedSigners: string | null;
  readonly pause: {
    /** Hours after which the human gate can't be signed any more; null: it waits for as long as it takes. */
    readonly expiresAfterHours: number | null;
    /** Hours after which those who are waited for are reminded, ascending. */
    readonly remindAfterHours: readonly number[];
  };
  /** Days within which a supervisor's decision is to be reviewed. */
  readonly postReviewDays: number;
}

const anyone = (quorum: number): RolePolicy => ({ members: null, minimumLevel: 'asserted', quorum });

/** Without a policy file: the runbook's own gate, one DB restore verifier, and nothing that keeps roles apart. */
export const NO_POLICY: Policy = {
  sha256: null,
  roles: {
    operator: anyone(0),
    supervisor: anyone(0),
    'db-restore-verifier': anyone(1),
    'sre-lead': anyone(0),
    'engineering-lead': anyone(0),
  },
  separation: false,
  allowedSigners: null,
  pause: { expiresAfterHours: null, remindAfterHours: [] },
  postReviewDays: 7,
};
