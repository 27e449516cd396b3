import { SIGNING_ROLES } from '../../config/policy.js';
import { canonicalJson, canonicalSha256 } from '../canonical-json.js';
import { EVIDENCE } from '../layout.js';
import { comparable, isSamePerson } from '../person.js';
import { allOf, failed, isUnknown, same, unknown, type Unknown, type VerifyCheck } from './check.js';
import type { HistorySoFar } from './history-reader.js';
import type { SealedState } from './sealed-state.js';

const FROZEN = 'the policy, as it was frozen at the start';
const FURTHER = 'each signature after the sign-off, as it was given';
const WANTED = 'the signatures that the policy wants';

/** Every signature that the frozen policy wants was given, each by another person, on the files that were signed off. */
export function signatureChecks(history: HistorySoFar | Unknown, state: SealedState | Unknown): VerifyCheck[] {
  const why = [history, state].find(isUnknown);
  if (why !== undefined) {
    return [FROZEN, FURTHER, WANTED].map((what) => failed(EVIDENCE.history, what, unknown('what was signed'), why));
  }
  const [known, sealed] = [history as HistorySoFar, state as SealedState];
  return [policyCheck(known, sealed), ...furtherChecks(known, sealed), wantedCheck(sealed)];
}

function policyCheck({ started }: HistorySoFar, { request }: SealedState): VerifyCheck {
  const asked = started?.event['request'] as { readonly policy?: unknown } | undefined;
  const shown = (policy: unknown) => `SHA-256 ${canonicalSha256(policy ?? null)}`;
  return same(EVIDENCE.history, FROZEN, shown(asked?.policy), shown(request.policy));
}

function furtherChecks({ countersigned }: HistorySoFar, { signOff, countersignatures }: SealedState): VerifyCheck[] {
  const count = `${countersignatures.length} signatures`;
  const given = countersigned.map(({ event }) => canonicalJson(event['countersignature'] ?? null));
  const recorded = signOff === null ? [] : given;
  return allOf(same(EVIDENCE.history, FURTHER, `${recorded.length} signatures`, count), [
    ...countersignatures
      .filter((signature, index) => canonicalJson(signature) !== recorded[index])
      .map(({ role, signer }) => failed(EVIDENCE.history, FURTHER, 'as it was given', `${role}: ${signer}, another one`)),
    ...countersignatures
      .filter(({ files, runId }) => canonicalJson([files, runId]) !== canonicalJson([signOff?.files, signOff?.runId]))
      .map(({ role, signer }) =>
        failed(EVIDENCE.history, FURTHER, 'of the files that were signed off', `${role}: ${signer}, of others`),
      ),
  ]);
}

/** A run that is sealed as FAIL needs none. */
function wantedCheck({ request, signOff, countersignatures, seal }: SealedState): VerifyCheck {
  if (seal.verdict === 'FAIL') return same(EVIDENCE.history, WANTED, 'none for FAIL', 'none for FAIL');
  const { roles } = request.policy;
  const signatures = signOff === null ? [] : [signOff, ...countersignatures];
  const people = (role: string) => {
    const names = signatures.filter((one) => one.role === role).map(({ signer }) => comparable([signer]));
    return names.filter((one, index) => !names.slice(0, index).some((before) => isSamePerson(before, one))).length;
  };
  const wanted = SIGNING_ROLES.filter((role) => roles[role].quorum > 0);
  const shown = (count: (role: (typeof wanted)[number]) => number) => wanted.map((role) => `${role} ${count(role)}`).join(', ');
  return same(
    EVIDENCE.history,
    WANTED,
    shown((role) => roles[role].quorum),
    shown(people),
  );
}
