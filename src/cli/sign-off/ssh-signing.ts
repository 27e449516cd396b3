import type { RunView } from '../../engine/engine.js';
import { principalIn } from '../../evidence/person.js';
import {
  parseSignOffStatement,
  SignOffStatementError,
  signOffStatementText,
  type SignOffStatement,
} from '../../evidence/sign-off/statement.js';
import { SignatureRefusedError } from '../errors.js';
import type { Io } from '../io.js';
import { contextOf } from '../run-facts.js';
import { givenFile } from './given-file.js';
import type { GivenStatement } from './given-statement.js';
import { signingCommand } from './signing-command.js';

/** Signs the statement with a key that this machine has. Throws `SignatureRefusedError`, and the `ActorError` of ssh-keygen. */
export async function signedHere(view: RunView, statement: SignOffStatement, keyFile: string, io: Io): Promise<GivenStatement> {
  const { signStatement } = await import('../../actors/sign-off/sign-statement.js');
  const { unrecordedOwner } = await import('../../actors/process/run-process.js');
  const armored = await signStatement(keyFile, signOffStatementText(statement), unrecordedOwner(io.signal, io.env));
  return verified(view, statement, armored, keyFile, io);
}

/**
 * The statement that was requested, with the signature that came back. Throws `UsageError` for files that cannot be read,
 * `SignatureRefusedError` for what is not signed by an allowed signer, and the `ActorError` of a missing ssh-keygen.
 */
export async function signedElsewhere(view: RunView, request: string, response: string, io: Io): Promise<GivenStatement> {
  const armored = givenFile('--response', response).toString('utf8');
  const text = givenFile('--request', request).toString('utf8');
  return verified(view, statementIn(view.run.runId, request, text), armored, response, io);
}

async function verified(
  view: RunView,
  statement: SignOffStatement,
  armored: string,
  subject: string,
  io: Io,
): Promise<GivenStatement> {
  const { runId } = view.run;
  if (statement.run_id !== runId) {
    const advice = `Sign that run, or have the statement of this one signed: ${signingCommand(view, statement.role)} --request FILE`;
    throw new SignatureRefusedError(runId, subject, `its statement is of run ${statement.run_id}`, advice);
  }
  const [text, principal] = [signOffStatementText(statement), principalIn(statement.name)];
  const { verifyStatement } = await import('../../actors/sign-off/verify-statement.js');
  const { unrecordedOwner } = await import('../../actors/process/run-process.js');
  const verdict = await verifyStatement(
    { statement: text, armored, allowedSigners: allowedSignersOf(view, subject), principal, at: io.now().toISOString() },
    unrecordedOwner(io.signal, io.env),
  );
  if ('fault' in verdict) {
    const advice = `The statement names ${principal}: that person signs the statement, with a key that the policy lists for this name.`;
    throw new SignatureRefusedError(runId, subject, verdict.fault, advice);
  }
  return { statement, signature: { statement: text, armored, principal, fingerprint: verdict.fingerprint } };
}

/** Those that were frozen with the policy of the run. Throws `SignatureRefusedError` where it names none. */
export function allowedSignersOf(view: RunView, subject: string): string {
  const { allowedSigners } = contextOf(view).request.policy;
  if (allowedSigners !== null) return allowedSigners;
  const advice = 'A policy is frozen at the start: name allowed_signers in it, and start a new run; or sign without a key.';
  throw new SignatureRefusedError(view.run.runId, subject, 'the policy of the run names no allowed_signers', advice);
}

function statementIn(runId: string, file: string, text: string): SignOffStatement {
  try {
    return parseSignOffStatement(text);
  } catch (error) {
    if (!(error instanceof SignOffStatementError)) throw error;
    const advice = 'Give the file that was signed, with not a byte changed: --request FILE';
    throw new SignatureRefusedError(runId, file, `it is no statement of ours (${error.message})`, advice);
  }
}
