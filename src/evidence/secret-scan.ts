import type { EvidenceDir } from './evidence-dir.js';
import type { KnownSecret } from './known-secrets.js';
import { createRedactor, type Redactor, type SecretFinding } from './redaction.js';

/** A secret in an evidence file. Its text is never part of it. */
export interface ScanFinding extends SecretFinding {
  readonly file: string;
}

export interface ScanResult {
  readonly filesScanned: number;
  readonly bytesScanned: number;
  readonly findings: readonly ScanFinding[];
}

/**
 * Looks for secrets in evidence files (default: every one that is there), each as a stream in constant memory, with the
 * same rules by which logs are redacted, so that a redacted log has no findings. A file with a NUL in its first 8 KiB is
 * binary: exact tokens only. What cannot be read is an `EvidenceError`, never skipped.
 */
export async function scanForSecrets(
  evidence: EvidenceDir,
  names?: readonly string[],
  known: readonly KnownSecret[] = [],
): Promise<ScanResult> {
  const files = names ?? (await evidence.list()).map(({ name }) => name);
  const findings: ScanFinding[] = [];
  let bytesScanned = 0;
  for (const file of files) bytesScanned += await scanFile(evidence, file, known, findings);
  return { filesScanned: files.length, bytesScanned, findings };
}

const BINARY_PROBE = 8 * 1024;

async function scanFile(
  evidence: EvidenceDir,
  file: string,
  known: readonly KnownSecret[],
  findings: ScanFinding[],
): Promise<number> {
  let scanner: Redactor | null = null;
  let size = 0;
  for await (const chunk of evidence.stream(file) as AsyncIterable<Buffer>) {
    scanner ??= createRedactor({
      known,
      binary: chunk.subarray(0, BINARY_PROBE).includes(0),
      onFinding: (finding) => findings.push({ file, ...finding }),
    });
    scanner.push(chunk);
    size += chunk.length;
  }
  scanner?.flush();
  return size;
}
