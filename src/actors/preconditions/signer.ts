import type { Settings, RunVariable } from '../../config/settings.js';
import type { Check, Signer } from '../../config/step-contracts.js';
import { openSigningKey } from '../attestation/signing-key.js';
import { signatureFault } from '../attestation/verify-signature.js';
import type { ProcessOwner } from '../process/run-process.js';
import { failed, passed } from '../check.js';
import { invalid, notAsked, orFailedCheck, type Finding } from './precondition.js';

const NAME = 'ENV signer of the attestation';
const NEEDED: readonly RunVariable[] = ['CUTOVER_SIGN_WITH'];
const PROBE = 'May this key sign? Asked by the preflight.\n';

/** The key of the attestation signs, and its signature is verified: after the pause it would be too late to find that it can't. */
export async function checkSigner(
  { signWith }: Partial<Settings>,
  variables: readonly Check[],
  owner: ProcessOwner,
): Promise<Finding<{ readonly signer: Signer | null }>> {
  const wrong = invalid(variables, NEEDED);
  if (wrong.length > 0) return notAsked(NAME, wrong);
  if (signWith === null || signWith === undefined) {
    return { checks: [passed(NAME, 'none: the attestation will not be signed, and will say so')], facts: { signer: null } };
  }
  return orFailedCheck(NAME, owner.signal, async () => {
    const key = await openSigningKey(signWith, owner);
    const fault = await signatureFault(key.signer, PROBE, await key.sign(PROBE), owner);
    const advice = 'Name another key in CUTOVER_SIGN_WITH.';
    if (fault !== null) return { checks: [failed(NAME, `${signWith}: ${fault}`, advice)], facts: null };
    return { checks: [passed(NAME, `${key.signer.kind} key ${key.signer.keyId}`)], facts: { signer: key.signer } };
  });
}
