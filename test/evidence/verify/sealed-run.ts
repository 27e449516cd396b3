import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { indexEvidence, writeArchive } from '../../../src/evidence/archive.js';
import { canonicalJson } from '../../../src/evidence/canonical-json.js';
import type { EvidenceDir } from '../../../src/evidence/evidence-dir.js';
import { genesisHash, recordHash } from '../../../src/evidence/hash-chain.js';
import type { HistoryRecord } from '../../../src/evidence/history-record.js';
import { envelopeJson, parseEnvelope, preAuthEncoding, STATEMENT_TYPE } from '../../../src/evidence/attestation/envelope.js';
import { pemSigner } from '../../../src/evidence/attestation/public-key.js';
import { indexText } from '../../../src/evidence/index-file.js';
import { EVIDENCE, isAttested } from '../../../src/evidence/layout.js';
import { openEvidenceDir } from '../../../src/evidence/local-evidence-dir.js';
import { manifestJson, sealManifest } from '../../../src/evidence/manifest.js';
import { createRedactor } from '../../../src/evidence/redaction.js';
import { resultSummary } from '../../../src/evidence/result-summary.js';
import { attestationStatement, statementJson } from '../../../src/evidence/attestation/statement.js';
import { scopeText } from '../../../src/evidence/scope.js';
import type { EvidenceToVerify, VerifyWith } from '../../../src/evidence/verify/verify-evidence.js';
import type { RunEvent } from '../../../src/engine/definition.js';
import { proven } from '../../../src/machine/context.js';
import { stepInputs } from '../../../src/machine/step-inputs.js';
import { PILOT_VERSION } from '../../../src/machine/version.js';
import { attemptFailure, facts, RUN, signOff, STARTED_AT } from '../../machine/pilot-facts.js';
import { PilotRun, recorded } from '../../machine/pilot-run.js';
import type { AttestedFacts, Signer } from '../../../src/config/step-contracts.js';
import { verifyStatement } from '../../../src/actors/sign-off/verify-statement.js';
import { signatureFault } from '../../../src/actors/attestation/verify-signature.js';
import { unrecordedOwner } from '../../../src/actors/process/run-process.js';
import { sealedFacts } from '../../../src/machine/sealed-facts.js';
import { signOffStatementText } from '../../../src/evidence/sign-off/statement.js';
import type { SignOff } from '../../../src/machine/context.js';
import { policyWith, type SignOffKey } from '../../sign-off-key.js';
import { scopeFacts } from '../summary-example.js';

export const SHOTS = [1, 2].map((number) => `${EVIDENCE.screenshots}/restore-0${number}.png`);
const SIGNED: Readonly<Record<string, string>> = {
  [EVIDENCE.scope]: scopeText({ ...scopeFacts, chainId: genesisHash(RUN) }),
  [EVIDENCE.preflight]: '{"result":"PASS"}\n',
  [EVIDENCE.rcGates]: 'gate 1 PASS\ngate 2 PASS\n',
  [EVIDENCE.stagingDryRun]: 'healthz 200\n',
  [EVIDENCE.rollbackDrill]: 'undone, restored\n',
  [EVIDENCE.checkpoint]: 'Status: COMPLETED\n',
  [SHOTS[0] ?? '']: 'tenants: 42',
  [SHOTS[1] ?? '']: 'keys: 117',
};
const UPLOAD_LOG = '$ s3api put-object\n';

/** What a sealed run is made with, where it is to differ. */
export interface SealedRunOptions {
  /** Files beside those that every run has, or other content of these. */
  readonly files?: Readonly<Record<string, string>>;
  /** Files that are signed with another digest than they have in the archive; null: not signed. */
  readonly signed?: Readonly<Record<string, string | null>>;
  /** Events between the seal and the summary. */
  readonly afterSeal?: readonly RunEvent[];
  /** Logs of earlier attempts at the upload. */
  readonly earlierLogs?: Readonly<Record<string, string>>;
  /** FAIL: abandoned at the pause, and then sealed. */
  readonly verdict?: 'PASS' | 'FAIL';
  /** Failed before there was a scope, and then sealed. */
  readonly withoutScope?: boolean;
  /** Signs the attestation (default: `SIGNER`); null: it is not signed. */
  readonly key?: TestKey | null;
  /** Signs the DB restore verification (default: nobody does, it is asserted). */
  readonly signOffKey?: SignOffKey;
  /** Stamps the signature (default: nobody does). */
  readonly tsa?: { readonly url: string; stamp(signature: Uint8Array): Promise<Uint8Array> };
}

export function hex(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** The evidence of a run, sealed as the actors seal it, without a bucket: in a directory named after the run, in a temporary one. */
export class SealedRun {
  readonly #records: HistoryRecord[] = [];
  #run: PilotRun;

  private constructor(
    readonly root: string,
    readonly evidence: EvidenceDir,
    readonly signOffKey: SignOffKey | null,
  ) {
    this.#run = PilotRun.start(signOffKey === null ? {} : { policy: policyWith(signOffKey.allowed) });
  }

  static async create(options: SealedRunOptions = {}): Promise<SealedRun> {
    const root = await mkdtemp(join(tmpdir(), 'sealed-'));
    const evidence = openEvidenceDir(join(root, RUN), { root, redactor: () => createRedactor() });
    await mkdir(join(evidence.path, EVIDENCE.screenshots), { recursive: true });
    const sealed = new SealedRun(root, evidence, options.signOffKey ?? null);
    await sealed.#make(options);
    return sealed;
  }

  /** As `cutover verify DIRECTORY` takes it. */
  get toVerify(): EvidenceToVerify {
    return directoryToVerify(this.directory);
  }

  get directory(): string {
    return this.evidence.path;
  }

  /** The transitions up to the one that froze the summary. */
  get records(): readonly HistoryRecord[] {
    return this.#records;
  }

  async dispose(): Promise<void> {
    await rm(this.root, { recursive: true });
  }

  async #make({ files = {}, signed = {}, key = SIGNER, ...options }: SealedRunOptions): Promise<void> {
    const { evidence } = this;
    const first = options.withoutScope === true ? { [EVIDENCE.preflight]: SIGNED[EVIDENCE.preflight] ?? '' } : SIGNED;
    const content: Readonly<Record<string, string>> = { ...first, [EVIDENCE.secretScan]: '{"findings":0}\n', ...files };
    for (const [name, text] of Object.entries(content)) await evidence.write(name, text);
    this.#record({ type: 'STARTED', request: this.#run.context.request });
    const settings = { ...facts.preflight.settings, tsaUrl: options.tsa?.url ?? null };
    this.#step({ ...facts.preflight, settings, signer: key?.signer ?? null });
    if (options.withoutScope === true) {
      const error = attemptFailure('SCOPE_FAILED');
      this.#send({ type: 'xstate.error.actor.capturingScope', error, attempt: 1, logs: [] });
      this.#send({ type: 'SEAL_REQUESTED', reason: 'kept for the review' });
      return this.#seal(options, key);
    }
    while (this.#run.state !== 'awaitingDbVerification') this.#step();
    if (options.verdict === 'FAIL') {
      this.#send({ type: 'ABANDONED', reason: 'the window closed', acknowledgeLeftBehind: false });
      this.#send({ type: 'SEAL_REQUESTED', reason: 'kept for the review' });
      return this.#seal(options, key);
    }
    const asFound = Object.fromEntries(Object.keys(SIGNED).map((name) => [name, hex(content[name] ?? '')]));
    const given = Object.fromEntries(Object.entries({ ...asFound, ...signed }).filter(([, sha256]) => sha256 !== null));
    this.#send({ type: 'SIGNED_OFF', signOff: this.#signOff(given as SignOff['files']) });
    await this.#seal(options, key);
  }

  #signOff(files: SignOff['files']): SignOff {
    const key = this.signOffKey;
    const last = this.#records.at(-1);
    if (key === null || last === undefined) return { ...signOff, files };
    const { runId, role, signer, meaning } = signOff;
    const { seq, hash: head } = last;
    const time = '2026-02-21T12:00:20Z';
    const statement = signOffStatementText({ version: 1, run_id: runId, role, name: signer, meaning, time, seq, head, files });
    const signature = { statement, armored: key.sign(statement), principal: key.principal, fingerprint: key.fingerprint };
    return { ...signOff, files, seq, level: 'ssh-verified', signature };
  }

  async #seal({ afterSeal = [], earlierLogs = {}, tsa }: SealedRunOptions, key: TestKey | null): Promise<void> {
    const { evidence } = this;
    const upTo = this.#records.length;
    await evidence.write(EVIDENCE.history, historyText(this.#records));
    const indexed = await indexEvidence(evidence, new AbortController().signal);
    const archive = await writeArchive(evidence, indexed, new AbortController().signal);
    await evidence.write(EVIDENCE.archiveDigest, indexText([{ name: EVIDENCE.archive, sha256: archive.sha256 }]));
    const { sha256, size } = await evidence.write(EVIDENCE.uploadLog, UPLOAD_LOG);
    this.#step();
    this.#step({ ...archive, files: indexed.length, chainHead: this.#records[upTo - 1]?.hash ?? '' });
    this.#step({ sha256: archive.sha256, size: archive.size });
    this.#step();
    for (const event of afterSeal) this.#send(event);
    this.#step();
    this.#step(facts['sealing.verifying'], [{ file: EVIDENCE.uploadLog, sha256, size }]);
    const { context } = this.#run;
    const verified = proven(context, 'sealing.verifying');
    await evidence.write(EVIDENCE.manifest, manifestJson(sealManifest(RUN, stepInputs['sealing.verifying'](context), verified)));
    await evidence.write(EVIDENCE.historyTail, historyText(this.#records.slice(upTo)));
    if (context.summary === null) throw new Error('the run froze no summary');
    await evidence.write(EVIDENCE.summary, resultSummary(context.summary.document));
    for (const [name, text] of Object.entries(earlierLogs)) await evidence.write(name, text);
    const attestation = await attestationText(evidence, context.summary.attested, this.#records, key);
    await evidence.write(EVIDENCE.attestation, attestation);
    const signature = parseEnvelope(attestation).signatures[0]?.signature;
    if (tsa !== undefined && signature !== undefined) await evidence.write(EVIDENCE.timestamp, await tsa.stamp(signature));
  }

  /** The step that runs now ends well. */
  #step(output?: unknown, logs: readonly unknown[] = []): void {
    const before = this.#run;
    const reported = before.reported();
    if (reported !== before) {
      this.#run = reported;
      this.#record({ type: 'REPORTED' });
    }
    const { state } = this.#run;
    this.#send({ type: `xstate.done.actor.${state}`, output: output ?? facts[state as keyof typeof facts], attempt: 1, logs });
  }

  #send(event: RunEvent): void {
    this.#run = this.#run.send(event);
    this.#record(event);
  }

  #record(event: RunEvent): void {
    const { seq, state, last } = this.#run;
    const { at, who } = recorded(event, seq);
    const record = {
      run_id: RUN,
      seq,
      at: seq === 1 ? STARTED_AT : at,
      event,
      from: this.#records.at(-1)?.to ?? null,
      to: state,
      who,
      machine_version: PILOT_VERSION,
      snapshot: last.snapshot,
      prev_hash: this.#records.at(-1)?.hash ?? genesisHash(RUN),
    };
    this.#records.push({ ...record, hash: recordHash(record) });
  }
}

export interface TestKey {
  readonly signer: Signer;
  sign(message: string): Buffer;
}

/** An Ed25519 key of this process alone. */
export function testKey(): TestKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return { signer: pemSigner(publicKey), sign: (message) => sign(null, Buffer.from(message), privateKey) };
}

export const SIGNER = testKey();

/** As the actor writes it, of the files that are there. */
export async function attestationText(
  evidence: EvidenceDir,
  attested: AttestedFacts,
  records: readonly HistoryRecord[],
  key: TestKey | null,
): Promise<string> {
  const last = records.at(-1);
  const names = (await evidence.list()).map(({ name }) => name).filter(isAttested);
  const files = await Promise.all(names.map(async (name) => ({ name, sha256: (await evidence.digest(name)).sha256 })));
  const statement = attestationStatement(attested, { seq: last?.seq ?? 0, hash: last?.hash ?? '' }, files);
  return envelopeText({ payloadType: STATEMENT_TYPE, payload: statementJson(statement) }, key);
}

export function envelopeText(statement: { readonly payloadType: string; readonly payload: string }, key: TestKey | null): string {
  const signatures = key === null ? [] : [{ keyId: key.signer.keyId, signature: key.sign(preAuthEncoding(statement)) }];
  return envelopeJson({ ...statement, signatures });
}

/** As `cutover verify` verifies; `trusted`: with --key; `authorities`: with --tsa-ca. */
export function verifyWith(trusted: Signer | null = null, authorities: VerifyWith['authorities'] = null): VerifyWith {
  const owner = unrecordedOwner(new AbortController().signal, process.env);
  return {
    derive: sealedFacts,
    authorities,
    verifyStatement: (signed) => verifyStatement(signed, owner),
    keys: { trusted, fault: (signer, message, signature) => signatureFault(signer, message, signature, owner) },
  };
}

export function directoryToVerify(path: string): EvidenceToVerify {
  const directory = openEvidenceDir(path, { root: dirname(path), redactor: () => createRedactor() });
  const file = (name: string) => ({ directory, name });
  const [archive, manifest] = [file(EVIDENCE.archive), file(EVIDENCE.manifest)];
  return { directory, beside: directory, archive, manifest, archiveDigest: file(EVIDENCE.archiveDigest) };
}

export function historyText(records: readonly HistoryRecord[]): string {
  return records.map((record) => `${canonicalJson(record)}\n`).join('');
}

/** The same transitions, changed, with a chain that is right again. */
export function rechained(
  records: readonly HistoryRecord[],
  before: string,
  change: (record: HistoryRecord) => HistoryRecord,
): HistoryRecord[] {
  let prev = before;
  return records.map((record) => {
    const changed = { ...change(structuredClone(record)), prev_hash: prev };
    prev = recordHash(changed);
    return { ...changed, hash: prev };
  });
}
