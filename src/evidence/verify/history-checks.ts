import { canonicalJson } from '../canonical-json.js';
import { genesisHash } from '../hash-chain.js';
import { EVIDENCE, isSigned } from '../layout.js';
import type { Manifest } from '../manifest.js';
import { fieldOf } from './archive-checks.js';
import { allOf, failed, isUnknown, same, unknown, type Unknown, type Value, type VerifyCheck } from './check.js';
import type { HistorySoFar } from './history-reader.js';
import type { SealedArchive } from './sealed-archive.js';
import type { SealedState } from './sealed-state.js';

/** The archive's history is whole, in order, and ends where the manifest says. */
export function historyChecks(
  history: HistorySoFar | Unknown,
  state: SealedState | Unknown,
  manifest: Manifest | Unknown,
): VerifyCheck[] {
  const of = (field: 'length' | 'head'): Value => (isUnknown(history) ? history : history[field]);
  const sealSeq = fieldOf(manifest, 'seal_seq');
  const seal = (verdict: Value, seq: Value): Value => {
    if (isUnknown(verdict)) return verdict;
    return isUnknown(seq) ? seq : `${verdict}, up to transition ${seq}`;
  };
  return [
    chainCheck(EVIDENCE.history, 'a hash chain from the genesis of the run on', 1, history),
    same(EVIDENCE.history, 'last transition, as in the manifest', sealSeq, of('length')),
    same(EVIDENCE.history, 'hash of the last transition, as in the manifest', fieldOf(manifest, 'chain_head'), of('head')),
    same(
      EVIDENCE.history,
      'what the last transition sealed, as in the manifest',
      seal(fieldOf(manifest, 'verdict'), sealSeq),
      isUnknown(state) ? state : seal(state.seal.verdict, state.seal.upToSeq),
    ),
  ];
}

/** Each transition has the hash of what it says, and that of the one before. */
export function chainCheck(artefact: string, what: string, first: number, history: HistorySoFar | Unknown): VerifyCheck {
  const unbroken = `transitions ${first} to ${isUnknown(history) ? 'the last' : history.length}`;
  if (isUnknown(history)) return failed(artefact, what, unbroken, history);
  if (history.fault !== null) return failed(artefact, what, `transitions ${first} to the last`, history.fault);
  return same(artefact, what, unbroken, history.length < first ? 'none' : unbroken);
}

/** What was signed is what is in the archive: the same files with the same bytes, and none of their kinds that was not signed. */
export function signOffChecks(archive: SealedArchive | Unknown, state: SealedState | Unknown): VerifyCheck[] {
  const what = 'each file as it was signed';
  const history = isUnknown(archive) ? archive : archive.history;
  const why = [archive, history, state].find(isUnknown);
  if (why !== undefined) return [failed(EVIDENCE.history, what, unknown('what was signed'), why)];
  return signedChecks(archive as SealedArchive, history as HistorySoFar, state as SealedState, what);
}

function signedChecks({ files }: SealedArchive, { signedOff }: HistorySoFar, state: SealedState, what: string): VerifyCheck[] {
  const { signOff, seal } = state;
  if (signOff === null) {
    return [same(EVIDENCE.history, what, seal.verdict === 'FAIL' ? 'no sign-off counts' : 'a sign-off', 'no sign-off counts')];
  }
  const signed = new Map(Object.entries(signOff.files));
  const count = `${signed.size} files, by ${signOff.signer} in transition ${signedOff?.seq ?? 'none'}`;
  const isRecorded = signedOff !== null && canonicalJson(signedOff.event['signOff'] ?? null) === canonicalJson(signOff);
  const added = [...files].filter(([name]) => isSigned(name) && !signed.has(name));
  return allOf(same(EVIDENCE.history, what, count, count), [
    ...(isRecorded ? [] : [failed(EVIDENCE.history, what, 'the last sign-off of the history', 'another one')]),
    ...[...signed]
      .filter(([name, sha256]) => files.get(name)?.sha256 !== sha256)
      .map(([name, sha256]) => failed(name, what, sha256, files.get(name)?.sha256 ?? 'not in the archive')),
    ...added.map(([name, { sha256 }]) => failed(name, what, 'not signed', sha256)),
  ]);
}

/** The same run everywhere. */
export function runIdChecks(
  runId: string | Unknown,
  directory: string | null,
  archive: SealedArchive | Unknown,
  state: SealedState | Unknown,
  manifest: Manifest | Unknown,
): VerifyCheck[] {
  const history = isUnknown(archive) ? archive : archive.history;
  const last = isUnknown(history) ? history : (history.last?.run_id ?? unknown('it has no transition'));
  const signed = isUnknown(state) ? state : (state.signOff?.runId ?? null);
  return [
    ...(directory === null ? [] : [same('(directory)', 'its name is the run', runId, directory)]),
    same(EVIDENCE.manifest, 'run', runId, fieldOf(manifest, 'run_id')),
    same(EVIDENCE.history, 'run', runId, last),
    ...(signed === null ? [] : [same(EVIDENCE.history, 'run of the sign-off', runId, signed)]),
    scopeCheck(runId, isUnknown(archive) ? archive : archive.scope, state),
  ];
}

/** A run that failed before its scope was captured has none. */
function scopeCheck(runId: string | Unknown, scope: string | Unknown, state: SealedState | Unknown): VerifyCheck {
  const what = 'chain id, the genesis of the run';
  if (isUnknown(scope) && !isUnknown(state) && state.results.capturingScope === undefined) {
    return same(EVIDENCE.scope, what, 'no scope was captured', 'no scope was captured');
  }
  const expected = isUnknown(runId) ? runId : genesisHash(runId);
  const found = isUnknown(scope) ? scope : (/^Chain id: *(\S+)$/m.exec(scope)?.[1] ?? unknown('it names none'));
  return same(EVIDENCE.scope, what, expected, found);
}
