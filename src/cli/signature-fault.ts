import type { SignatureFault } from '../evidence/verify/attestation-checks.js';
import type { Io } from './io.js';

/** Without the tool that verifies it, a signature is not verified: that is a finding, and ends nothing. */
export function signatureFaultFor({ signal, env }: Io): SignatureFault {
  return async (signer, message, signature) => {
    const { signatureFault } = await import('../actors/attestation/verify-signature.js');
    const { unrecordedOwner } = await import('../actors/process/run-process.js');
    const { ActorError } = await import('../actors/actor.js');
    try {
      return await signatureFault(signer, message, signature, unrecordedOwner(signal, env));
    } catch (error) {
      if (error instanceof ActorError) return error.message;
      throw error;
    }
  };
}
