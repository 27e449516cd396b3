import type { RunView } from '../../engine/engine.js';
import type { Identity } from '../../evidence/history-record.js';
import type { Countersignature } from '../../machine/signatures.js';
import { refuseClaimOfAnother } from '../human-gate.js';
import type { Io } from '../io.js';
import { confirmed } from './confirm.js';
import { statementOf, type GivenStatement } from './given-statement.js';
import type { SigningOptions } from './key-options.js';
import { requireKeyMaySign } from './may-sign.js';
import { showStatement } from './show-statement.js';
import { signedElsewhere, signedHere } from './ssh-signing.js';

/** What is signed, and how that is put to who signs it. */
export interface ToBeSigned {
  /** What would be signed now, asserted: the gate without claim and level. */
  readonly find: () => Promise<Countersignature>;
  readonly form: () => Promise<Buffer>;
  /** What the run id is typed for; null: nothing is to confirm. */
  readonly confirming: string | null;
}

/**
 * The statement as its signer has seen it, signed if a key is named; null where nobody sees one before it is committed: without a
 * terminal, a name signs what is found then.
 */
export async function seenStatement(
  view: RunView,
  options: SigningOptions & { readonly who: Identity; readonly confirm: boolean },
  { find, form, confirming }: ToBeSigned,
  io: Io,
): Promise<GivenStatement | null> {
  const { runId } = view.run;
  const { request, response, signWith } = options;
  const isShown = io.prompt !== null && options.confirm;
  if (request !== null && response !== null) {
    const signed = await signedElsewhere(view, request, response, io);
    await confirmed(`You hand in what ${signed.statement.name} signed of run ${runId}`, runId, options, io);
    return signed;
  }
  if (!isShown && signWith === null && request === null) return null;
  const found = await find();
  if (found.role === 'db-restore-verifier') refuseClaimOfAnother(view, [options.who.user, found.signer]);
  if (request !== null || signWith !== null) requireKeyMaySign(view, found);
  const statement = statementOf(view, found, io.now());
  if (isShown) showStatement(statement, await form(), io);
  if (confirming !== null) await confirmed(confirming, runId, options, io);
  return signWith === null ? { statement, signature: null } : signedHere(view, statement, signWith, io);
}
