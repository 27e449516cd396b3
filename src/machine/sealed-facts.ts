import type { HistoryRecord } from '../evidence/history-record.js';
import { EVIDENCE } from '../evidence/layout.js';
import { sealManifest } from '../evidence/manifest.js';
import type { Recorded } from '../evidence/verify/recorded-checks.js';
import { attestedFacts } from './attested-facts.js';
import { proven, type PilotContext } from './context.js';
import { stepInputs, uploadLogSha256 } from './step-inputs.js';
import { isBefore, STEP_NAMES, type Place } from './steps.js';
import { summarize } from './summary.js';
import { PILOT_VERSION } from './version.js';

/**
 * What a sealed run's manifest, summary and attestation must say, derived anew from two transitions: the one that began the sealing,
 * which the archive holds, and the one that froze the summary. All that was proven before the seal comes from the first; from the
 * second only what the sealing itself proved, and the exceptions that came meanwhile. Throws where these are no such transitions, or
 * of another version of the machine.
 */
export function sealedFacts(sealed: HistoryRecord, frozen: HistoryRecord): Recorded {
  const before = contextIn(sealed);
  const after = contextIn(frozen);
  if (after.summary?.upToSeq !== frozen.seq) throw new Error(`transition ${frozen.seq} froze no summary`);
  const known = before.exceptions.length;
  if (JSON.stringify(after.exceptions.slice(0, known)) !== JSON.stringify(before.exceptions)) {
    throw new Error(`transition ${frozen.seq} does not have the exceptions of transition ${sealed.seq}`);
  }
  const sealing = STEP_NAMES.filter((step) => !isBefore(step, 'sealing.scanning'));
  const context: PilotContext = {
    ...before,
    // What was failing when it was sealed; a failure of an earlier sealing is made good by this one.
    failures: Object.fromEntries(
      Object.entries(before.failures).filter(([place]) => isBefore(place as Place, 'sealing.scanning')),
    ),
    results: { ...before.results, ...Object.fromEntries(sealing.map((step) => [step, after.results[step]])) },
    exceptions: after.exceptions,
  };
  const uploadLog = uploadLogSha256(context);
  if (uploadLog === null) throw new Error(`transition ${frozen.seq} recorded no digest of ${EVIDENCE.uploadLog}`);
  const at = `${frozen.at.slice(0, 19)}Z`;
  return {
    manifest: sealManifest(context.runId, stepInputs['sealing.verifying'](context), proven(context, 'sealing.verifying')),
    summary: summarize(context, at),
    attested: attestedFacts(context, at),
    signer: proven(context, 'preflight').signer,
    frozen: { summary: after.summary.document, attested: after.summary.attested },
    uploadLogSha256: uploadLog,
  };
}

function contextIn({ machine_version: version, snapshot, seq }: HistoryRecord): PilotContext {
  if (version !== PILOT_VERSION) {
    throw new Error(
      `transition ${seq} is of version ${version} of the machine, not ${PILOT_VERSION}: verify it with that release`,
    );
  }
  return (snapshot as { readonly context: PilotContext }).context;
}
