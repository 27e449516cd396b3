import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { statementJsonSchema } from '../evidence/attestation/statement.js';
import type { Signer } from '../config/step-contracts.js';
import { SSH_NAMESPACE } from '../evidence/attestation/public-key.js';
import type { EvidenceSource } from '../evidence/evidence-dir.js';
import { EVIDENCE, isAttested } from '../evidence/layout.js';
import { manifestJsonSchema } from '../evidence/manifest.js';
import { verifyEvidence } from '../evidence/verify/verify-evidence.js';
import { proven } from '../machine/context.js';
import { sealedFacts } from '../machine/sealed-facts.js';
import type { CommonOptions } from './command.js';
import { RunStateError } from './errors.js';
import type { Io } from './io.js';
import { resolveRun } from './resolve-run.js';
import { contextOf } from './run-facts.js';
import { signatureFaultFor, statementVerifierFor } from './signature-fault.js';
import { wholeDirectory } from './verify-subject.js';
import { reading } from './with-run.js';
import { textFile, writeBundle, type BundleFile } from './write-bundle.js';

export interface Exported {
  readonly run: string;
  /** Absolute. */
  readonly file: string;
  readonly files: readonly string[];
}

/**
 * Packs a sealed run for an auditor: the archive and all that is locked beside it, the signer's public key, the schemas, and how to
 * verify them. What does not verify is not packed. Throws `RunStateError` for a run that is not sealed, or not as it was sealed.
 */
export async function exportRun(
  run: string,
  options: CommonOptions & { readonly output: string | null },
  io: Io,
): Promise<Exported> {
  const { runId, evidenceDir, signer } = await reading(options, 'export', io, async (workspace) => {
    const id = await resolveRun(workspace, run);
    const view = await workspace.engine.inspect(id);
    const context = contextOf(view);
    const isSealed = context.results.summarizing !== undefined;
    if (!isSealed) {
      const todo = 'Seal it first: cutover resume <run>, or as evidence of a failure: cutover seal <run> --verdict FAIL';
      throw new RunStateError('NOT_SEALED', `Run ${id} is not sealed: there is nothing to export. ${todo}`, id);
    }
    return { runId: id, evidenceDir: view.run.evidenceDir, signer: proven(context, 'preflight').signer };
  });
  const using = {
    derive: sealedFacts,
    keys: { trusted: null, fault: signatureFaultFor(io) },
    verifyStatement: statementVerifierFor(io),
    authorities: null,
  };
  const evidence = wholeDirectory(evidenceDir);
  const { verified, checks } = await verifyEvidence(evidence, using, io.signal);
  if (!verified) {
    const wrong = [...new Set(checks.filter(({ ok }) => !ok).map(({ artefact }) => artefact))].join(', ');
    const todo = `See cutover verify ${runId}, and give the auditor the locked copies of the bucket.`;
    throw new RunStateError(
      'NOT_VERIFIED',
      `The evidence of run ${runId} is not as it was sealed: ${wrong}. Nothing was written. ${todo}`,
      runId,
    );
  }
  const file = options.output ?? resolve(io.cwd, `cutover-${runId}.tar`);
  const files = await filesOf(evidence.beside, signer);
  await writeBundle(
    file,
    files.map((each) => ({ ...each, name: `${runId}/${each.name}` })),
    io.signal,
  );
  return { run: runId, file, files: files.map(({ name }) => name) };
}

async function filesOf(evidence: EvidenceSource, signer: Signer | null): Promise<BundleFile[]> {
  const sealed = (await evidence.list()).filter(({ name }) => SEALED.has(name) || isAttested(name));
  return [
    ...sealed.map(({ name, size }) => ({ name, size, open: () => evidence.stream(name) })),
    ...keyFiles(signer),
    textFile('schemas/evidence-manifest.schema.json', `${JSON.stringify(manifestJsonSchema(), null, 2)}\n`),
    textFile('schemas/evidence-attestation.schema.json', `${JSON.stringify(statementJsonSchema(), null, 2)}\n`),
    textFile('VERIFY.md', await readFile(INSTRUCTIONS, 'utf8')),
  ];
}

const SEALED: ReadonlySet<string> = new Set([EVIDENCE.archive, EVIDENCE.archiveDigest, EVIDENCE.attestation, EVIDENCE.timestamp]);

/** In docs/, two folders up from the sources and from the build alike. */
const INSTRUCTIONS = join(import.meta.dirname, '..', '..', 'docs', 'verify-by-hand.md');

/** As openssl and ssh-keygen want it. Whoever verifies should have it from elsewhere, too. */
function keyFiles(signer: Signer | null): BundleFile[] {
  if (signer === null) return [];
  const key = textFile('signer.pub', `${signer.publicKey.trimEnd()}\n`);
  if (signer.kind === 'pem') return [key];
  return [key, textFile('allowed_signers', `cutover namespaces="${SSH_NAMESPACE}" ${signer.publicKey}\n`)];
}
