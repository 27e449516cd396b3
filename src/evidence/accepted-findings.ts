import type { AcceptedFinding, Finding } from '../config/step-contracts.js';
import type { EvidenceDir } from './evidence-dir.js';
import { EVIDENCE } from './layout.js';
import type { ScanFinding } from './secret-scan.js';

/** The value of a variable of the environment is a secret, whoever says otherwise. */
export function mayBeAccepted({ file, kind }: Pick<Finding, 'file' | 'kind'>): boolean {
  return !kind.startsWith('env-') && !isInHistory({ file });
}

/**
 * In the history that the archive holds. An acceptance is itself a transition, whose snapshot repeats what was found: it would be for a
 * file that is never written again.
 */
export function isInHistory({ file }: Pick<Finding, 'file'>): boolean {
  return file === EVIDENCE.history;
}

/** The evidence file that holds it: of `logs.tar.gz!/pod.log` the first. */
export function evidenceFileOf({ file }: Pick<Finding, 'file'>): string {
  return file.split('!/')[0] ?? file;
}

/** The findings that nobody has accepted, for the file as it is now. */
export async function notAccepted(
  findings: readonly ScanFinding[],
  accepted: readonly AcceptedFinding[],
  evidence: EvidenceDir,
): Promise<ScanFinding[]> {
  const left: ScanFinding[] = [];
  for (const finding of findings) {
    const candidates = accepted.filter((one) => isSame(one, finding));
    const { sha256 } = candidates.length === 0 ? { sha256: null } : await evidence.digest(evidenceFileOf(finding));
    if (!candidates.some((one) => one.sha256 === sha256)) left.push(finding);
  }
  return left;
}

function isSame(accepted: Omit<Finding, 'sha256'>, finding: ScanFinding): boolean {
  const same = accepted.file === finding.file && accepted.line === finding.line && accepted.kind === finding.kind;
  return same && mayBeAccepted(finding);
}
