import type { SignedFiles } from '../../config/step-contracts.js';
import type { RunView } from '../../engine/engine.js';
import type { EvidenceDir } from '../../evidence/evidence-dir.js';
import { EVIDENCE } from '../../evidence/layout.js';
import { beginsPause, PAUSE } from '../../evidence/sign-off/pause.js';
import type { SignOffStatement, SshSignature } from '../../evidence/sign-off/statement.js';
import type { Countersignature } from '../../machine/signatures.js';
import type { Store } from '../../store/store.js';
import { CheckpointIncompleteError, SignatureRefusedError, type GateFinding } from '../errors.js';
import { signingCommand } from './signing-command.js';

/** A statement that its signer has seen, and signed with a key or not. */
export interface GivenStatement {
  readonly statement: SignOffStatement;
  readonly signature: SshSignature | null;
}

/** The statement of what is found now, for its signer to see. `time` is the moment of it. */
export function statementOf(
  { run }: RunView,
  { role, signer, meaning, seq, files }: Countersignature,
  time: Date,
): SignOffStatement {
  return {
    version: 1,
    run_id: run.runId,
    role,
    name: signer,
    meaning,
    time: `${time.toISOString().slice(0, 19)}Z`,
    seq,
    head: run.headHash,
    files,
  };
}

/**
 * The signature as its signer saw it, if what is found now is still that. Throws `CheckpointIncompleteError` with every file that is not,
 * and `SignatureRefusedError` for a statement of something else.
 */
export function asGiven<S extends Countersignature>(
  found: S,
  { statement, signature }: GivenStatement,
  view: RunView,
  evidence: EvidenceDir,
): S {
  const { run_id: runId, role, name, meaning, seq, files } = statement;
  const said = { runId, role, signer: name, meaning };
  for (const [what, value] of Object.entries(said)) {
    const now = found[what as keyof typeof said];
    if (value !== now) throw refused(view, found, `it says ${what} ${JSON.stringify(value)}, here it is ${JSON.stringify(now)}`);
  }
  const findings = changedSince(files, found.files);
  if (findings.length > 0) {
    const form = `${evidence.path}/${EVIDENCE.checkpoint}`;
    throw new CheckpointIncompleteError(found.runId, form, findings, signingCommand(view, role));
  }
  return { ...found, seq, ...(signature === null ? {} : { level: 'ssh-verified' as const, signature }) };
}

/**
 * The transition up to which the statement was made is on the chain of this run, and the pause has not begun anew since. Others may
 * have come meanwhile, such as a claim. Throws `SignatureRefusedError`.
 */
export async function refuseStale({ statement }: GivenStatement, view: RunView, store: Store): Promise<void> {
  const { run } = view;
  const { seq, head } = statement;
  let isOnChain = false;
  for await (const record of store.history(run.runId, { after: seq - 1 })) {
    if (record.seq === seq) isOnChain = record.hash === head && record.to === PAUSE;
    else if (beginsPause(record))
      throw refused(view, statement, `the pause began in transition ${record.seq}, after transition ${seq}`);
  }
  if (!isOnChain)
    throw refused(view, statement, `transition ${seq} with the hash ${head.slice(0, 12)}… is none of its present pause`);
}

/** The files that are not the same in both, by name. */
export function differing(signed: SignedFiles, found: SignedFiles): string[] {
  const names = [...new Set([...Object.keys(signed), ...Object.keys(found)])].sort();
  return names.filter((name) => signed[name] !== found[name]);
}

function refused(view: RunView, { role }: Pick<SignOffStatement, 'role'>, what: string): SignatureRefusedError {
  const advice = `Have a statement of the run as it is now made and signed: ${signingCommand(view, role)} --request FILE`;
  return new SignatureRefusedError(view.run.runId, 'the statement', what, advice);
}

function changedSince(signed: SignedFiles, found: SignedFiles): GateFinding[] {
  return differing(signed, found).map((file) => ({
    file,
    line: null,
    item: 'statement',
    message: `${digestShown(signed[file])} in the statement, ${digestShown(found[file])} found: restore it, or have a new statement made and signed`,
  }));
}

function digestShown(sha256: string | undefined): string {
  return sha256 === undefined ? 'not there' : `SHA-256 ${sha256.slice(0, 12)}…`;
}
