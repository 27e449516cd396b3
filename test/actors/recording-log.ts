import type { EvidenceLog } from '../../src/evidence/evidence-dir.js';

/** A log in memory, with what was written to it. */
export interface RecordingLog extends EvidenceLog {
  text(): string;
  closed(): boolean;
}

export function recordingLog(file = 'log.txt'): RecordingLog {
  const chunks: Uint8Array[] = [];
  let closed = false;
  return {
    file,
    write: async (chunk) => void chunks.push(Buffer.from(chunk)),
    close: () => {
      closed = true;
      return Promise.resolve({ sha256: '', size: 0 });
    },
    text: () => Buffer.concat(chunks).toString('utf8'),
    closed: () => closed,
  };
}
