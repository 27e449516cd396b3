import type { SignatureFault } from '../evidence/verify/attestation-checks.js';
import type { VerifyStatement } from '../evidence/verify/sign-off-checks.js';
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

/** The same for the signature of a sign-off. */
export function statementVerifierFor({ signal, env }: Io): VerifyStatement {
  return async (signed) => {
    const { verifyStatement } = await import('../actors/sign-off/verify-statement.js');
    const { unrecordedOwner } = await import('../actors/process/run-process.js');
    const { ActorError } = await import('../actors/actor.js');
    try {
      return await verifyStatement(signed, unrecordedOwner(signal, env));
    } catch (error) {
      if (error instanceof ActorError) return { fault: error.message };
      throw error;
    }
  };
}
