import type { AttestedFacts, ResultSummary, Signer } from '../../config/step-contracts.js';
import { canonicalSha256 } from '../canonical-json.js';
import type { HistoryRecord } from '../history-record.js';
import { EVIDENCE } from '../layout.js';
import { manifestJson, type Manifest } from '../manifest.js';
import { resultSummary } from '../result-summary.js';
import { chainCheck } from './history-checks.js';
import { allOf, failed, isUnknown, same, unknown, type Unknown, type VerifyCheck } from './check.js';
import type { HistorySoFar } from './history-reader.js';

/** What the recorded facts say of a sealed run, derived anew. */
export interface Recorded {
  readonly manifest: Manifest;
  readonly summary: ResultSummary;
  readonly attested: AttestedFacts;
  readonly signer: Signer | null;
  /** Summary and attested facts as they were frozen: the same, or the history after the seal is not what was recorded. */
  readonly frozen: unknown;
  /** SHA-256 of the upload's log as it was when the upload was verified. */
  readonly uploadLogSha256: string;
}

/**
 * Derives them from the transition that began the sealing (in the archive) and the one that froze the summary (the last one of
 * 80_history_after_seal.ndjson). Throws when these two are not what they should be.
 */
export type Derive = (sealed: HistoryRecord, frozen: HistoryRecord) => Recorded;

/** The files beside the archive as they were found. */
export interface BesideArchive {
  readonly attestation: string | Unknown;
  /** Null: not there. */
  readonly timestamp: Buffer | Unknown | null;
  /** SHA-256 of each that is locked beside it, the attestation and its timestamp left out. */
  readonly files: ReadonlyMap<string, string> | Unknown;
  readonly manifest: string | Unknown;
  readonly summary: string | Unknown;
  readonly uploadLogSha256: string | Unknown;
  readonly historyTail: HistorySoFar | Unknown;
}

/** Manifest, upload log, later history and summary say what the recorded facts say. */
export function recordedChecks(
  history: HistorySoFar | Unknown,
  beside: BesideArchive,
  recorded: Recorded | Unknown,
): VerifyCheck[] {
  const { historyTail } = beside;
  const first = isUnknown(history) ? 1 : history.length + 1;
  return [
    chainCheck(EVIDENCE.historyTail, "a hash chain from the archive's last transition on", first, historyTail),
    same(
      EVIDENCE.historyTail,
      'what it froze, as the facts say',
      isUnknown(recorded) ? recorded : canonicalSha256({ summary: recorded.summary, attested: recorded.attested }),
      isUnknown(recorded) ? unknown('not compared') : canonicalSha256(recorded.frozen ?? null),
    ),
    ...linesChecks(
      EVIDENCE.manifest,
      'each line as recorded',
      isUnknown(recorded) ? recorded : manifestJson(recorded.manifest),
      beside.manifest,
    ),
    same(
      EVIDENCE.uploadLog,
      'SHA-256, as recorded',
      isUnknown(recorded) ? recorded : recorded.uploadLogSha256,
      beside.uploadLogSha256,
    ),
    ...linesChecks(
      EVIDENCE.summary,
      'each line as the recorded facts say',
      isUnknown(recorded) ? recorded : resultSummary(recorded.summary),
      beside.summary,
    ),
  ];
}

/** Derived from the last transition of each part of the history; unknown when a part of it is, or is broken. */
export function recordedFacts(history: HistorySoFar | Unknown, tail: HistorySoFar | Unknown, derive: Derive): Recorded | Unknown {
  const ends: HistoryRecord[] = [];
  for (const part of [history, tail]) {
    if (isUnknown(part)) return part;
    if (part.fault !== null) return unknown('the history is broken');
    if (part.last === null) return unknown('the history has no transition');
    ends.push(part.last);
  }
  const [sealed, frozen] = ends as [HistoryRecord, HistoryRecord];
  try {
    const recorded = derive(sealed, frozen);
    // What the facts say must also be fit to be written.
    manifestJson(recorded.manifest);
    resultSummary(recorded.summary);
    return recorded;
  } catch (error) {
    // A history with right hashes may hold anything: it is found wanting here.
    return unknown(`it cannot be derived from the history: ${(error as Error).message}`);
  }
}

/** Each line that differs, with what it should be. */
function linesChecks(artefact: string, what: string, expected: string | Unknown, found: string | Unknown): VerifyCheck[] {
  if (isUnknown(expected) || isUnknown(found)) return [failed(artefact, what, isUnknown(expected) ? expected : 'a file', found)];
  const [wanted, lines] = [expected.split('\n'), found.split('\n')];
  const count = `${wanted.length - 1} lines`;
  const line = (of: readonly string[], at: number) => `line ${at + 1}: ${of[at] ?? '(none)'}`;
  const faults = Array.from({ length: Math.max(wanted.length, lines.length) }, (_, at) => at)
    .filter((at) => wanted[at] !== lines[at])
    .map((at) => failed(artefact, what, line(wanted, at), line(lines, at)));
  return allOf(same(artefact, what, count, count), faults);
}
