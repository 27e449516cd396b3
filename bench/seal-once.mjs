import { join } from 'node:path';
import { indexEvidence, writeArchive } from '../dist/src/evidence/archive.js';
import { openEvidenceDir } from '../dist/src/evidence/local-evidence-dir.js';
import { createRedactor } from '../dist/src/evidence/redaction.js';

/** Archives the evidence directory argv[2] as sealing does, in a process of its own; prints the seconds and the most memory it had, in MB. */
const [, , directory] = process.argv;
const evidence = openEvidenceDir(directory, { root: join(directory, '..'), redactor: () => createRedactor() });
const { signal } = new AbortController();
const began = performance.now();
await writeArchive(evidence, await indexEvidence(evidence, signal), signal);
const seconds = (performance.now() - began) / 1000;
console.log(JSON.stringify({ seconds, maxMb: process.resourceUsage().maxRSS / 1024 }));
