import type { AttestedFacts, AttestedStep } from '../config/step-contracts.js';
import { genesisHash } from '../evidence/hash-chain.js';
import { gatedWorld, proven, type PilotContext } from './context.js';
import { signaturesOf, type Countersignature } from './signatures.js';
import { archiveKey, operatorOf } from './step-inputs.js';
import { STEP_NAMES, type StepName } from './steps.js';
import { PILOT_VERSION } from './version.js';

/** What the attestation of a sealed run says, derived from recorded facts alone. `at` is the time of the transition that freezes it. */
export function attestedFacts(context: PilotContext, at: string): AttestedFacts {
  const { runId, startedAt, seal } = context;
  const { environment, signer, settings } = proven(context, 'preflight');
  const { gitHead, gitBranch, gitStatus } = gatedWorld(context);
  const archive = proven(context, 'sealing.archiving');
  const { lockMode, retainUntil } = proven(context, 'sealing.verifying');
  if (seal === null) throw new Error(`run ${runId} is not being sealed`);
  return {
    service: context.request.site.service,
    changeTicket: settings.changeTicket,
    run: { id: runId, startedAt, operator: operatorOf(context), machineVersion: PILOT_VERSION },
    verdict: seal.verdict,
    attestedAt: at,
    environment,
    commit: { head: gitHead, branch: gitBranch, status: gitStatus },
    // The last one is what publishes this.
    steps: STEP_NAMES.filter((step) => step !== 'summarizing').map((step) => attestedStep(context, step)),
    signOffs: signaturesOf(context).map(withoutRun),
    exceptions: context.exceptions.map(({ at: when, by, what, reason, reviewBy }) => ({ at: when, by, what, reason, reviewBy })),
    archive: { sha256: archive.sha256, size: archive.size },
    chain: { genesis: genesisHash(runId), sealed: { seq: seal.upToSeq, hash: archive.chainHead } },
    lock: {
      key: archiveKey(context),
      versionId: proven(context, 'sealing.uploading').versionId,
      mode: lockMode,
      retainUntil,
      bypassable: lockMode === 'GOVERNANCE',
    },
    signedBy: signer === null ? null : { kind: signer.kind, keyId: signer.keyId },
    timestampedBy: settings.tsaUrl,
  };
}

function attestedStep({ results, failures }: PilotContext, name: StepName): AttestedStep {
  const [result, failure] = [results[name], failures[name]];
  if (failure !== undefined) {
    const { at, attempt, code } = failure;
    return { name, result: 'FAIL', at, attempt, seq: null, code, logs: [] };
  }
  if (result === undefined) return { name, result: 'NOT RUN', at: null, attempt: null, seq: null, code: null, logs: [] };
  const { at, attempt, seq, logs } = result;
  return { name, result: 'PASS', at, attempt, seq, code: null, logs };
}

function withoutRun({ role, signer, level, date, meaning, seq, files, signature }: Countersignature) {
  const key = signature === undefined ? null : { principal: signature.principal, fingerprint: signature.fingerprint };
  return { role, signer, level, key, date, meaning, seq, files };
}
