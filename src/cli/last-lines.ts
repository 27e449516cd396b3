import type { EvidenceDir } from '../evidence/evidence-dir.js';

/** The last lines of a file (all of them for null), read as a stream: only what is shown is kept. */
export async function lastLines(evidence: EvidenceDir, file: string, lines: number | null): Promise<string> {
  const decoder = new TextDecoder();
  let kept: string[] = [''];
  for await (const chunk of evidence.stream(file) as AsyncIterable<Buffer>) {
    const parts = decoder.decode(chunk, { stream: true }).split('\n');
    kept[kept.length - 1] += parts.shift() ?? '';
    kept.push(...parts);
    // One more than asked for: the last line may be the empty one after the final line feed.
    if (lines !== null && kept.length > lines + 1) kept = kept.slice(-lines - 1);
  }
  kept[kept.length - 1] += decoder.decode();
  if (lines !== null && kept.at(-1) !== '') kept = kept.slice(-lines);
  return kept.join('\n');
}
