import type { EvidenceDir } from './evidence-dir.js';
import type { KnownSecret } from './known-secrets.js';
import { createRedactor, type Redactor, type SecretFinding } from './redaction.js';

/** A secret in an evidence file, or in its name (`line` 0). Its text is never part of it: such a name is shown redacted. */
export interface ScanFinding extends SecretFinding {
  readonly file: string;
}

export interface ScanResult {
  /** The names, as findings show them. */
  readonly files: readonly string[];
  readonly filesScanned: number;
  readonly bytesScanned: number;
  readonly findings: readonly ScanFinding[];
}

/**
 * Looks for secrets in evidence files (default: every one that is there), in their names and in each as a stream in constant memory, with the
 * same rules by which logs are redacted, so that a redacted log has no findings. A file with a NUL in its first 8 KiB is
 * binary: exact tokens only. What cannot be read is an `EvidenceError`, never skipped.
 */
export async function scanForSecrets(
  evidence: EvidenceDir,
  names?: readonly string[],
  known: readonly KnownSecret[] = [],
): Promise<ScanResult> {
  const files: string[] = [];
  const findings: ScanFinding[] = [];
  let bytesScanned = 0;
  for (const name of names ?? (await evidence.list()).map((entry) => entry.name)) {
    const file = scanName(name, known, findings);
    bytesScanned += await scanFile(evidence, { name, file }, known, findings);
    files.push(file);
  }
  return { files, filesScanned: files.length, bytesScanned, findings };
}

/** Returns the name as it may be shown. */
function scanName(name: string, known: readonly KnownSecret[], findings: ScanFinding[]): string {
  const found: string[] = [];
  const scanner = createRedactor({ known, onFinding: ({ kind }) => found.push(kind) });
  const file = Buffer.concat([scanner.push(name), scanner.flush()]).toString('utf8');
  findings.push(...found.map((kind) => ({ file, line: 0, kind })));
  return file;
}

const BINARY_PROBE = 8 * 1024;

async function scanFile(
  evidence: EvidenceDir,
  { name, file }: { readonly name: string; readonly file: string },
  known: readonly KnownSecret[],
  findings: ScanFinding[],
): Promise<number> {
  let scanner: Redactor | null = null;
  let size = 0;
  for await (const chunk of evidence.stream(name) as AsyncIterable<Buffer>) {
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
