import type { Level, Policy, PolicyRole } from '../config/policy.js';
import type { Identity } from '../evidence/history-record.js';
import { comparable, isFingerprint, isSamePerson, named, namesOf } from '../evidence/person.js';
import type { PilotContext, Signer, SignOff } from './context.js';
import type { PilotEvent } from './events.js';
import type { Countersignature } from './signatures.js';

/** What a person can ask of a run. */
export const ACTIONS = [
  'start',
  'resume',
  'retry',
  'sign-off',
  'reject',
  'claim',
  'release',
  'release --reason',
  'sign --role db-restore-verifier',
  'sign --role sre-lead',
  'sign --role engineering-lead',
  'replay',
  'replay --override',
  'accept-finding',
  'accept-drift',
  'abandon',
  'break-lease',
  'seal',
] as const;
export type Action = (typeof ACTIONS)[number];

export interface Permission {
  /** Any of these may. */
  readonly roles: readonly PolicyRole[];
  /** It signs: with separation not by whoever drove the run or let something pass in it, nor by someone who has signed in another role. */
  readonly signs: boolean;
  /** Whoever asks for it drives the run on: with separation not someone whose signature counts. */
  readonly drives: boolean;
  /** It lets nothing pass: an asserted name is enough, whatever level the policy wants of the role. */
  readonly byName: boolean;
  /** It lets something pass: with separation not by someone whose signature counts, nor by whoever drove an attempt that failed. */
  readonly judgesFailure: boolean;
}

const plain = { signs: false, drives: false, byName: false, judgesFailure: false };
const driving = { ...plain, drives: true };
const signing = { ...plain, signs: true };
const holding = { ...plain, byName: true };
const letting = { ...plain, roles: ['supervisor'], judgesFailure: true } as const;
/** Nothing passes by it, and a person alone at night must be able to end what failed. */
const ending = { ...plain, roles: ['supervisor'] } as const;

/**
 * Who may do what. Source: the runbook's roles; design, "Command line". An operator may seal again, or have the scan made again,
 * after a failure of his own (the runbook: fix, then `--seal-only` again): these prove nothing anew.
 */
export const PERMISSIONS: Readonly<Record<Action, Permission>> = {
  start: { roles: ['operator'], ...plain },
  resume: { roles: ['operator'], ...driving },
  retry: { roles: ['operator', 'supervisor'], ...driving },
  'sign-off': { roles: ['db-restore-verifier'], ...signing },
  reject: { roles: ['db-restore-verifier'], ...holding },
  claim: { roles: ['db-restore-verifier'], ...holding },
  release: { roles: ['db-restore-verifier'], ...holding },
  'release --reason': { roles: ['db-restore-verifier', 'supervisor'], ...holding },
  'sign --role db-restore-verifier': { roles: ['db-restore-verifier'], ...signing },
  'sign --role sre-lead': { roles: ['sre-lead'], ...signing },
  'sign --role engineering-lead': { roles: ['engineering-lead'], ...signing },
  replay: { ...letting, drives: true },
  'replay --override': { ...letting, drives: true },
  'accept-finding': letting,
  'accept-drift': letting,
  abandon: ending,
  'break-lease': ending,
  seal: { ...ending, drives: true },
};

/** What an event asks for; null for what no person asks for, and for SUPERSEDED, which follows from the start of another run. */
export function actionOf(event: PilotEvent): Action | null {
  switch (event.type) {
    case 'DRIVER_JOINED':
      return 'resume';
    case 'SIGNED_OFF':
      return 'sign-off';
    case 'COUNTERSIGNED':
      return `sign --role ${event.countersignature.role}`;
    case 'VERIFICATION_REJECTED':
      return 'reject';
    case 'CLAIMED':
      return 'claim';
    case 'RELEASED':
      return event.reason === null ? 'release' : 'release --reason';
    case 'RETRY_REQUESTED':
      return 'retry';
    case 'REPLAY_REQUESTED':
      return event.override ? 'replay --override' : 'replay';
    case 'FINDING_ACCEPTED':
      return 'accept-finding';
    case 'DRIFT_ACCEPTED':
      return 'accept-drift';
    case 'ABANDONED':
      return 'abandon';
    case 'LEASE_BROKEN':
      return 'break-lease';
    case 'SEAL_REQUESTED':
      return 'seal';
    case 'SUPERSEDED':
    case 'RESUMED':
    case 'EXPIRED':
    case 'DRILL_PLANNED':
    case 'UPLOAD_BEGUN':
    default:
      return null;
  }
}

/** Why the frozen policy does not let this person ask for this: the rule, who, and who may instead; null when it does. */
export function permissionRefusal(context: PilotContext, event: PilotEvent): string | null {
  const action = actionOf(event);
  if (action === null) return null;
  const person = actingPerson(event);
  return refusalOf(context, action, person, context.request.policy.separation ? holderOf(event) : person);
}

/** As `permissionRefusal`, for whoever is about to sign with a name alone: asked before there is anything to sign. */
export function nameRefusal(context: PilotContext, action: Action, who: PilotEvent['who']): string | null {
  return refusalOf(context, action, personOf(who));
}

/**
 * The same for a key, of which the name alone is known: it may still be a member by its fingerprint, where the policy lists members by
 * that.
 */
export function keyRefusal(context: PilotContext, action: Action, signer: string): string | null {
  const { policy } = context.request;
  const person: Person = { shown: signer, names: comparable([signer]), level: 'ssh-verified' };
  const listed = PERMISSIONS[action].roles.flatMap((role) => policy.roles[role].members ?? []);
  return listed.some(isFingerprint) ? historyRefusal(context, action, person) : refusalOf(context, action, person);
}

/** As `permissionRefusal`, for whoever wants to start a run: there is none yet whose history could speak against it. */
export function startRefusal(policy: Policy, who: PilotEvent['who']): string | null {
  return roleRefusal(policy, 'start', personOf(who));
}

/** Whether a signature or a decision of this level counts for a role. */
export function isLevelEnough(policy: Policy, role: PolicyRole, level: Level | 'engine'): boolean {
  return level === 'ssh-verified' || policy.roles[role].minimumLevel === 'asserted';
}

/** Who gave a signature, as it is kept: a name that somebody wrote into the form is not always theirs. */
export function signerOf(signed: SignOff | Countersignature, who: PilotEvent['who']): Signer {
  const isOwn = signed.signature !== undefined || isSamePerson(comparable([signed.signer]), namesOf(who));
  return { role: signed.role, names: signerNames(signed, who), givenBy: isOwn ? null : who.user };
}

/** The names that a signature stands for: those of its key, or, where nobody proved it, also all of whoever gave it. */
function signerNames({ signer, signature }: SignOff | Countersignature, who: PilotEvent['who']): readonly string[] {
  return signature === undefined
    ? comparable([signer, ...namesOf(who)])
    : comparable([signer, signature.principal, signature.fingerprint]);
}

interface Person {
  readonly shown: string;
  readonly names: readonly string[];
  readonly level: PilotEvent['who']['level'];
}

function actingPerson(event: PilotEvent): Person {
  const signed = signedIn(event);
  if (signed === null) return personOf(event.who);
  return {
    shown: `${signed.signer} (${signed.level})`,
    names: signerNames(signed, event.who),
    level: signed.level,
  };
}

/**
 * Who has to hold the role, with separation of duties: nobody gets it by a name that he wrote, or found, in the form. Without it an
 * operator hands in what the verifier has written, as the runbook has it.
 */
function holderOf(event: PilotEvent): Person {
  return signedIn(event)?.signature === undefined ? personOf(event.who) : actingPerson(event);
}

function signedIn(event: PilotEvent): SignOff | Countersignature | null {
  if (event.type === 'SIGNED_OFF') return event.signOff;
  return event.type === 'COUNTERSIGNED' ? event.countersignature : null;
}

function personOf(who: PilotEvent['who']): Person {
  return { shown: named(who), names: namesOf(who), level: who.level };
}

/** @param holder who has to hold the role, where that is another one than who acts. */
function refusalOf(context: PilotContext, action: Action, person: Person, holder = person): string | null {
  return roleRefusal(context.request.policy, action, holder) ?? historyRefusal(context, action, person);
}

/** What speaks against this person in the run so far. */
function historyRefusal(context: PilotContext, action: Action, person: Person): string | null {
  const { separation } = context.request.policy;
  return quorumRefusal(context, action, person) ?? (separation ? separationRefusal(context, action, person) : null);
}

function roleRefusal(policy: Policy, action: Action, person: Person): string | null {
  const { roles, byName } = PERMISSIONS[action];
  const held = roles.filter((role) => isMember(policy, role, person));
  if (held.length === 0) {
    const rules = roles.map((role) => `roles.${role}.members`).join(', ');
    return `${person.shown} is no ${roles.join(' or ')} (${rules}), and only one may ${action}: ${whoMay(policy, roles)}`;
  }
  if (byName || held.some((role) => isLevelEnough(policy, role, person.level))) return null;
  const rules = held.map((role) => `roles.${role}.minimum_level`).join(', ');
  return `${person.shown} may not ${action} with an asserted name: the policy wants ssh-verified (${rules})`;
}

/** A quorum counts people: the same person signs once for a role. */
function quorumRefusal(context: PilotContext, action: Action, { shown, names }: Person): string | null {
  const { roles, signs } = PERMISSIONS[action];
  const signer = signs && context.signers.find((one) => roles.includes(one.role) && isSamePerson(one.names, names));
  if (!signer) return null;
  return `${shown} has signed as ${signer.role} already, and a quorum counts people: ${whoMay(context.request.policy, roles)}`;
}

function separationRefusal(context: PilotContext, action: Action, person: Person): string | null {
  const { names } = person;
  const { roles, signs, drives, judgesFailure } = PERMISSIONS[action];
  const { policy } = context.request;
  const refuse = (why: string, theirs: readonly string[]) => {
    const common = names.filter((name) => theirs.includes(name)).join(', ');
    const instead = `${whoMay(policy, roles)}, but nobody known by the same name, account, address or user at AWS`;
    return `${person.shown} ${why} (separation of duties), with ${common} in common, and may not ${action}: ${instead}${signs ? orByKey(policy, person) : ''}`;
  };
  const driver = context.drivers.find((one) => isSamePerson(namesOf(one), names));
  if (signs && driver !== undefined) return refuse(`drove this run as ${named(driver)}`, namesOf(driver));
  const signer = context.signers.find((one) => isSamePerson(one.names, names));
  if (signs && signer !== undefined && !roles.includes(signer.role)) return refuse(`has signed as ${signer.role}`, signer.names);
  if ((drives || judgesFailure) && signer !== undefined) return refuse(`has signed as ${signer.role}`, signer.names);
  const acceptor = context.acceptors.find((one) => isSamePerson(namesOf(one), names));
  if (signs && acceptor !== undefined) return refuse(`let something pass in this run as ${named(acceptor)}`, namesOf(acceptor));
  const failedUnder = context.failure?.by ?? null;
  if (!judgesFailure || failedUnder === null) return null;
  const theirs = driverNames(context, failedUnder);
  return isSamePerson(theirs, names) ? refuse(`drove the attempt of ${context.failure?.step} that failed`, theirs) : null;
}

/** The way out for two people at one account, or with one address. */
function orByKey({ allowedSigners }: Policy, { level }: Person): string {
  if (allowedSigners === null || level === 'ssh-verified') return '';
  return '; by a key that the policy lists the signer is known by that key alone: --sign-with FILE, or --request FILE';
}

/** All names under which a driver was ever known in this run: not each look at them tells all. */
function driverNames({ drivers }: PilotContext, who: Identity): readonly string[] {
  const names = namesOf(who);
  return [
    ...names,
    ...drivers
      .map(namesOf)
      .filter((known) => isSamePerson(known, names))
      .flat(),
  ];
}

/** A fingerprint that nobody proved is no name. */
function isMember(policy: Policy, role: PolicyRole, { names, level }: Person): boolean {
  const { members } = policy.roles[role];
  const known = level === 'ssh-verified' ? names : names.filter((name) => !isFingerprint(name));
  return members === null || isSamePerson(comparable(members), known);
}

function whoMay(policy: Policy, roles: readonly PolicyRole[]): string {
  const who = roles.map((role) => `${role}: ${policy.roles[role].members?.join(', ') ?? 'anyone'}`);
  return `who may instead: ${who.join('; ')}`;
}
