import { envelopeJson, parseEnvelope, type Envelope } from '../../../src/evidence/attestation/envelope.js';
import type { Statement } from '../../../src/evidence/attestation/statement.js';
import { canonicalJson } from '../../../src/evidence/canonical-json.js';
import type { HistoryRecord } from '../../../src/evidence/history-record.js';
import { EVIDENCE } from '../../../src/evidence/layout.js';
import { manifestJson, type Manifest } from '../../../src/evidence/manifest.js';
import { resultSummary } from '../../../src/evidence/result-summary.js';
import { NO_POLICY } from '../../../src/config/policy.js';
import type { PilotContext } from '../../../src/machine/context.js';
import { sealedFacts } from '../../../src/machine/sealed-facts.js';
import {
  attestationText,
  envelopeText,
  hex,
  historyText,
  rechained,
  SealedRun,
  SHOTS,
  SIGNER,
  testKey,
  type TestKey,
} from './sealed-run.js';
import { onSignOff, onSignOffTime } from './sign-off-tampering.js';
import { withContent, type Packed, type TamperedRun } from './tamper.js';

/** One way to tamper with sealed evidence, and the check that finds it: its file and its words. */
export interface TamperCase {
  readonly artefact: string;
  readonly change: string;
  readonly check: string;
  /** The file that the check is about, where it is another one. */
  readonly names?: string;
  readonly verdict?: 'FAIL';
  /** Of a run whose DB restore verification was signed with a key. */
  readonly signedByKey?: true;
  tamper(run: TamperedRun): Promise<void>;
}

export interface TamperGroup {
  readonly title: string;
  readonly cases: readonly TamperCase[];
}

const CHECK = {
  beside: 'beside the archive, each file as in it',
  index: 'each file as in 59_index.sha256',
  signed: 'each file as it was signed',
  policy: 'the policy, as it was frozen at the start',
  further: 'each signature after the sign-off, as it was given',
  wanted: 'the signatures that the policy wants',
  plain: 'a gzip-compressed tar of plain files in order',
  digest: 'SHA-256, as in the manifest',
  digestFile: 'SHA-256 of the archive',
  chain: 'a hash chain from the genesis of the run on',
  head: 'hash of the last transition, as in the manifest',
  seal: 'what the last transition sealed, as in the manifest',
  schema: 'follows its schema',
  manifest: 'each line as recorded',
  uploadLog: 'SHA-256, as recorded',
  tail: "a hash chain from the archive's last transition on",
  frozen: 'what it froze, as the facts say',
  facts: 'each fact, as recorded',
  attested: 'SHA-256, as attested',
  signature: 'its signature, by the recorded key',
  timestamp: 'a timestamp of the signature',
  summary: 'each line as the recorded facts say',
  directory: 'its name is the run',
} as const;

const SIGNED = [
  EVIDENCE.scope,
  EVIDENCE.preflight,
  EVIDENCE.rcGates,
  EVIDENCE.stagingDryRun,
  EVIDENCE.rollbackDrill,
  EVIDENCE.checkpoint,
  ...SHOTS,
];
const ARCHIVED = [...SIGNED, EVIDENCE.secretScan, EVIDENCE.history, EVIDENCE.index];

const BESIDE: readonly (readonly [string, string])[] = [
  ...ARCHIVED.map((name) => [name, CHECK.beside] as const),
  [EVIDENCE.archive, CHECK.digest],
  [EVIDENCE.archiveDigest, CHECK.digestFile],
  [EVIDENCE.manifest, CHECK.manifest],
  [EVIDENCE.attestation, CHECK.signature],
  [EVIDENCE.timestamp, CHECK.timestamp],
  [EVIDENCE.uploadLog, CHECK.uploadLog],
  [EVIDENCE.historyTail, CHECK.tail],
  [EVIDENCE.summary, CHECK.summary],
];

/** What can be done to any file. */
const TO_ANY_FILE: readonly (readonly [string, (run: TamperedRun, name: string) => Promise<void>])[] = [
  ['a byte is changed', (run, name) => run.flipByte(name)],
  ['a line is added', (run, name) => run.append(name, 'x\n')],
  ['a line feed is added', (run, name) => run.append(name, '\n')],
  ['its last byte is cut off', (run, name) => run.cutOff(name)],
  ['it is emptied', (run, name) => run.write(name, '')],
  ['it is removed', (run, name) => run.remove(name)],
  ['it is renamed', (run, name) => run.rename(name, `${name}.old`)],
  ['it is replaced by a link', (run, name) => run.replaceByLink(name)],
];

const onFiles: TamperGroup = {
  title: 'Any file',
  cases: [
    ...BESIDE.flatMap(([artefact, check]) =>
      TO_ANY_FILE.map(([change, tamper]): TamperCase => ({ artefact, change, check, tamper: (run) => tamper(run, artefact) })),
    ),
    ...[
      '30_rc_gates.attempt-1.txt',
      `${EVIDENCE.screenshots}/restore-03.png`,
      '60_evidence_seal_manifest.json.old',
      'x.partial',
    ].map((artefact): TamperCase => ({
      artefact,
      change: 'it is added',
      check: CHECK.beside,
      tamper: (run) => run.write(artefact, 'x'),
    })),
    {
      artefact: '70_worm_upload_stdout.attempt-1.txt',
      change: 'it is added, and no such attempt was interrupted',
      check: 'SHA-256, as an earlier attempt recorded it',
      tamper: (run) => run.write('70_worm_upload_stdout.attempt-1.txt', 'x'),
    },
    {
      artefact: 'evidence.tar.gz.changed-0123456789ab',
      change: 'it is added under another name than its digest gives it',
      check: 'SHA-256 of an archive kept aside, as in its name',
      tamper: (run) => run.write('evidence.tar.gz.changed-0123456789ab', 'x'),
    },
    {
      artefact: SHOTS[0] ?? '',
      change: 'two screenshots are swapped',
      check: CHECK.beside,
      tamper: (run) => run.swap(SHOTS[0] ?? '', SHOTS[1] ?? ''),
    },
    {
      artefact: '(directory)',
      change: 'it is given the name of another run',
      check: CHECK.directory,
      tamper: (run) => run.moveDirectory('20260221T120001Z'),
    },
  ],
};

const COVERS = [
  [{}, 'in the archive'],
  [{ index: true }, 'in the archive, its index made to fit'],
  [{ index: true, digests: true, beside: true }, 'in the archive; index, digests, manifest and the file beside it made to fit'],
] as const;

/** What is done to a file in the archive, and how far it is covered up. */
const inArchive: TamperGroup = {
  title: 'The archive',
  cases: [
    ...SIGNED.flatMap((artefact) =>
      COVERS.map(([cover, where]): TamperCase => {
        const check = 'index' in cover ? CHECK.signed : CHECK.index;
        return {
          artefact,
          change: `a byte is added ${where}`,
          check,
          tamper: (run) => run.repack((files) => withContent(files, artefact, (text) => `${text}x`), cover),
        };
      }),
    ),
    ...SIGNED.flatMap((artefact) =>
      COVERS.slice(0, 2).map(([cover, where]): TamperCase => {
        const check = 'index' in cover ? CHECK.signed : CHECK.index;
        const tamper = (run: TamperedRun) => run.repack((files) => files.filter(({ name }) => name !== artefact), cover);
        return { artefact, change: `it is left out ${where}`, check, tamper };
      }),
    ),
    {
      artefact: EVIDENCE.secretScan,
      change: 'a byte is added in the archive',
      check: CHECK.index,
      tamper: (run) => run.repack((files) => withContent(files, EVIDENCE.secretScan, (text) => `${text} `)),
    },
    {
      artefact: EVIDENCE.secretScan,
      change: `a byte is added ${COVERS[2][1]}`,
      check: CHECK.manifest,
      names: EVIDENCE.manifest,
      tamper: (run) => run.repack((files) => withContent(files, EVIDENCE.secretScan, (text) => `${text} `), COVERS[2][0]),
    },
    {
      artefact: SHOTS[0] ?? '',
      change: `two screenshots are swapped ${COVERS[2][1]}`,
      check: CHECK.signed,
      tamper: (run) => run.repack(swapShots, COVERS[2][0]),
    },
    ...['30_rc_gates.attempt-1.txt', `${EVIDENCE.screenshots}/restore-03.png`].map((artefact): TamperCase => ({
      artefact,
      change: `it is added ${COVERS[2][1]}`,
      check: CHECK.signed,
      tamper: (run) => run.repack((files) => inOrder([...files, fileOf(artefact)]), COVERS[2][0]),
    })),
    {
      artefact: '41_added.txt',
      change: 'it is added in the archive',
      check: CHECK.index,
      tamper: (run) => run.repack((files) => inOrder([...files, fileOf('41_added.txt')])),
    },
    {
      artefact: '30_gates.txt',
      change: '`30_rc_gates.txt` is given this name in the archive',
      check: CHECK.index,
      tamper: (run) =>
        run.repack((files) =>
          inOrder(files.map((file) => (file.name === EVIDENCE.rcGates ? { ...file, name: '30_gates.txt' } : file))),
        ),
    },
    {
      artefact: EVIDENCE.rcGates,
      change: 'it is in the archive twice, the second time changed',
      check: CHECK.plain,
      tamper: (run) =>
        run.repack((files) => inOrder([...files, { ...fileOf(EVIDENCE.rcGates), content: Buffer.from('gates PASS') }])),
    },
    {
      artefact: EVIDENCE.scope,
      change: 'the files are in another order',
      check: CHECK.plain,
      names: EVIDENCE.history,
      tamper: (run) => run.repack((files) => files.toReversed()),
    },
    {
      artefact: '30_x_link',
      change: 'a link is put into the archive',
      check: CHECK.plain,
      tamper: (run) =>
        run.repack((files) =>
          inOrder([...files, { ...fileOf('30_x_link'), content: Buffer.alloc(0), type: 'symlink', linkname: '/etc/passwd' }]),
        ),
    },
    {
      artefact: '../30_out.txt',
      change: 'a name that leads out of it is put into the archive',
      check: CHECK.plain,
      tamper: (run) => run.repack((files) => inOrder([...files, fileOf('../30_out.txt')])),
    },
    {
      artefact: EVIDENCE.index,
      change: 'a line is taken out of it in the archive',
      check: CHECK.index,
      names: EVIDENCE.rcGates,
      tamper: (run) =>
        run.repack((files) => withContent(files, EVIDENCE.index, (text) => text.replace(/^.*30_rc_gates\.txt\n/m, ''))),
    },
    {
      artefact: EVIDENCE.index,
      change: 'it is cut off in the archive',
      check: CHECK.index,
      tamper: (run) => run.repack((files) => withContent(files, EVIDENCE.index, (text) => text.slice(0, -1))),
    },
    {
      artefact: EVIDENCE.index,
      change: 'it is left out of the archive',
      check: CHECK.index,
      tamper: (run) => run.repack((files) => files.filter(({ name }) => name !== EVIDENCE.index)),
    },
    {
      artefact: EVIDENCE.archive,
      change: 'the same files are packed again, with another date',
      check: CHECK.digest,
      tamper: (run) => run.repack((files) => files.map((file) => ({ ...file, mtime: new Date(0) }))),
    },
    {
      artefact: EVIDENCE.archive,
      change: 'two megabytes are added to it',
      check: CHECK.plain,
      tamper: async (run) => run.write(EVIDENCE.archive, Buffer.concat([await run.read(EVIDENCE.archive), Buffer.alloc(2e6)])),
    },
    {
      artefact: EVIDENCE.archive,
      change: 'it is an older one, with its digest file',
      check: CHECK.digest,
      tamper: (run) => older(run, [EVIDENCE.archive, EVIDENCE.archiveDigest]),
    },
    {
      artefact: EVIDENCE.manifest,
      change: 'archive, digest file and manifest are older ones',
      check: CHECK.manifest,
      tamper: (run) => older(run, [EVIDENCE.archive, EVIDENCE.archiveDigest, EVIDENCE.manifest]),
    },
  ],
};

/** The field, another value that fits the schema. */
const OTHER_VALUES: readonly (readonly [keyof Manifest, (manifest: Manifest) => Partial<Manifest>])[] = [
  ['verdict', () => ({ verdict: 'FAIL' })],
  ['generated_at', () => ({ generated_at: '2026-02-21T12:05:03Z' })],
  ['tarball_path', () => ({ tarball_path: 'other.tar.gz' })],
  ['tarball_size_bytes', ({ tarball_size_bytes: size }) => ({ tarball_size_bytes: size - 1 })],
  ['sha256', () => ({ sha256: '0'.repeat(64) })],
  ['s3_bucket', () => ({ s3_bucket: 'abc***' })],
  ['s3_key', ({ s3_key: key }) => ({ s3_key: `x/${key}` })],
  ['version_id', () => ({ version_id: 'another' })],
  ['etag', () => ({ etag: '"x"' })],
  ['lock_mode', () => ({ lock_mode: 'COMPLIANCE', verified_lock_mode: 'COMPLIANCE' })],
  ['retention_days', () => ({ retention_days: 9999 })],
  ['retain_until', () => ({ retain_until: '2027-02-20T12:05:02Z' })],
  ['verified_retain_until', () => ({ verified_retain_until: '2037-02-21T12:05:02Z' })],
  ['content_verified_by', () => ({ content_verified_by: 'download' })],
  ['seal_seq', ({ seal_seq: seq }) => ({ seal_seq: seq - 1 })],
  ['chain_head', () => ({ chain_head: '0'.repeat(64) })],
];

const onManifest: TamperGroup = {
  title: 'The manifest',
  cases: [
    ...OTHER_VALUES.map(([field, change]): TamperCase => ({
      artefact: EVIDENCE.manifest,
      change: `\`${field}\` is another one`,
      check: CHECK.manifest,
      tamper: (run) => run.editManifest(change),
    })),
    {
      artefact: EVIDENCE.manifest,
      change: 'it is of another run',
      check: CHECK.manifest,
      tamper: (run) => run.edit(EVIDENCE.manifest, (text) => text.replaceAll('20260221T120000Z', '20260221T120001Z')),
    },
    {
      artefact: EVIDENCE.manifest,
      change: 'its fields are in another order',
      check: CHECK.manifest,
      tamper: (run) =>
        run.edit(
          EVIDENCE.manifest,
          (text) => `${JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(text) as object).toReversed()), null, 2)}\n`,
        ),
    },
    {
      artefact: EVIDENCE.manifest,
      change: 'it has one more field',
      check: CHECK.schema,
      tamper: (run) => run.edit(EVIDENCE.manifest, (text) => text.replace('{', '{ "note": "x",')),
    },
  ],
};

const onHistory: TamperGroup = {
  title: 'The history',
  cases: [
    {
      artefact: EVIDENCE.history,
      change: `a transition is edited ${COVERS[2][1]}`,
      check: CHECK.chain,
      tamper: (run) =>
        run.repack(
          (files) => withContent(files, EVIDENCE.history, (text) => text.replace('"configMaps":4', '"configMaps":5')),
          COVERS[2][0],
        ),
    },
    {
      artefact: EVIDENCE.history,
      change: `a transition is left out ${COVERS[2][1]}`,
      check: CHECK.chain,
      tamper: (run) =>
        run.repack(
          (files) => withContent(files, EVIDENCE.history, (text) => lines(text, (all) => all.toSpliced(3, 1))),
          COVERS[2][0],
        ),
    },
    {
      artefact: EVIDENCE.history,
      change: `two transitions change places ${COVERS[2][1]}`,
      check: CHECK.chain,
      tamper: (run) =>
        run.repack(
          (files) => withContent(files, EVIDENCE.history, (text) => lines(text, ([a = '', b = '', ...rest]) => [b, a, ...rest])),
          COVERS[2][0],
        ),
    },
    {
      artefact: EVIDENCE.history,
      change: `the last transition is left out ${COVERS[2][1]}`,
      check: CHECK.head,
      tamper: (run) =>
        run.repack(
          (files) => withContent(files, EVIDENCE.history, (text) => lines(text, (all) => all.slice(0, -1))),
          COVERS[2][0],
        ),
    },
    {
      artefact: EVIDENCE.history,
      change: 'the last transition is left out, and the manifest made to end before it',
      check: CHECK.seal,
      tamper: (run) => run.replaceHistory(sealedPart(run).slice(0, -1), COVERS[2][0]),
    },
    {
      artefact: EVIDENCE.history,
      change: 'a transition is edited, its chain computed anew, and the manifest given the new head',
      check: CHECK.tail,
      names: EVIDENCE.historyTail,
      tamper: async (run) => {
        const records = sealedPart(run);
        const first = records[0] as HistoryRecord;
        const changed = rechained(records, first.prev_hash, (record) => ({
          ...record,
          who: { ...record.who, user: 'somebody else' },
        }));
        await run.replaceHistory(changed, COVERS[2][0]);
      },
    },
    {
      artefact: EVIDENCE.historyTail,
      change: 'two transitions change places',
      check: CHECK.tail,
      tamper: (run) => run.edit(EVIDENCE.historyTail, (text) => lines(text, ([a = '', b = '', ...rest]) => [b, a, ...rest])),
    },
    {
      artefact: EVIDENCE.historyTail,
      change: 'the last transition is left out',
      check: CHECK.frozen,
      tamper: (run) => run.edit(EVIDENCE.historyTail, (text) => lines(text, (all) => all.slice(0, -1))),
    },
    {
      artefact: EVIDENCE.historyTail,
      change: 'another form of the same JSON',
      check: CHECK.tail,
      tamper: (run) => run.edit(EVIDENCE.historyTail, (text) => text.replace('{', '{ ')),
    },
    {
      artefact: EVIDENCE.historyTail,
      change: 'the frozen summary is forged, and the chain computed anew',
      check: CHECK.frozen,
      tamper: (run) => forgeTail(run, (text) => text.replaceAll('exit code 0', 'exit code 0, twice')),
    },
    {
      artefact: EVIDENCE.historyTail,
      change: 'the version that was uploaded is forged, the chain computed anew',
      check: CHECK.manifest,
      names: EVIDENCE.manifest,
      tamper: (run) => forgeTail(run, (text) => text.replaceAll('3sL4kqtJlcpXroDTDmJ', 'another-version')),
    },
  ],
};

/** The last transition that the archive holds, forged with a chain that is right again, and all else made to fit. */
function forgingLast(change: (context: PilotContext, event: HistoryRecord['event']) => unknown): TamperCase['tamper'] {
  return async (run) => {
    const records = sealedPart(run);
    const forged = rechained(records, records[0]?.prev_hash ?? '', (record) => {
      if (record.seq === records.length) change((record.snapshot as { context: PilotContext }).context, record.event);
      return record;
    });
    await run.replaceHistory(forged, COVERS[2][0]);
  };
}

const onSignatures: TamperGroup = {
  title: 'The signatures after the sign-off, in a history whose chain is computed anew',
  cases: [
    {
      artefact: EVIDENCE.history,
      change: 'the signature of the lead does not count any more',
      check: CHECK.wanted,
      tamper: forgingLast((context) => Object.assign(context, { countersignatures: [] })),
    },
    {
      artefact: EVIDENCE.history,
      change: 'the signature of the lead does not count any more, and the policy wants none',
      check: CHECK.policy,
      tamper: forgingLast((context) =>
        Object.assign(context, { countersignatures: [], request: { ...context.request, policy: NO_POLICY } }),
      ),
    },
    {
      artefact: EVIDENCE.history,
      change: 'the signature that counts is of somebody else than the one that was given',
      check: CHECK.further,
      tamper: forgingLast((context) =>
        Object.assign(context, { countersignatures: context.countersignatures.map((one) => ({ ...one, signer: 'x' })) }),
      ),
    },
    {
      artefact: EVIDENCE.history,
      change: 'the signature of the lead is of other files than those that were signed off',
      check: CHECK.further,
      tamper: forgingLast((context, event) => {
        const ofOthers = context.countersignatures.map((one) => ({
          ...one,
          files: { ...one.files, [EVIDENCE.rcGates]: '0'.repeat(64) },
        }));
        Object.assign(context, { countersignatures: ofOthers });
        Object.assign(event, { countersignature: ofOthers[0] });
      }),
    },
  ],
};

const onSummary: TamperGroup = {
  title: 'The summary',
  cases: [
    ...(
      [
        ['the commit is another one', (text: string) => text.replace(/^Git HEAD: .*$/m, `Git HEAD:     ${'0'.repeat(40)}`)],
        ['the signer is another one', (text: string) => text.replaceAll('verifier@example.com', 'somebody@example.com')],
        ['the note about GOVERNANCE is taken out', (text: string) => text.replace(/^Note: .*\n\n/m, '')],
        [
          'the criteria are in another order',
          (text: string) => lines(text, (all) => all.toSpliced(6, 2, all[7] ?? '', all[6] ?? '')),
        ],
        ['an exception is made up', (text: string) => text.replace('Sign-off\n', 'Overrides and exceptions:\n- x\n\nSign-off\n')],
      ] as const
    ).map(([change, forge]): TamperCase => ({
      artefact: EVIDENCE.summary,
      change,
      check: CHECK.summary,
      tamper: (run) => run.edit(EVIDENCE.summary, forge),
    })),
    {
      artefact: EVIDENCE.summary,
      change: 'a FAIL is made a PASS',
      check: CHECK.summary,
      verdict: 'FAIL',
      tamper: (run) => run.edit(EVIDENCE.summary, (text) => text.replaceAll(/NOT RUN|FAIL/g, 'PASS')),
    },
    {
      artefact: EVIDENCE.history,
      change: 'a FAIL is made a PASS in summary and manifest',
      check: CHECK.seal,
      verdict: 'FAIL',
      tamper: async (run) => {
        await run.edit(EVIDENCE.summary, (text) => text.replaceAll(/NOT RUN|FAIL/g, 'PASS'));
        await run.editManifest(() => ({ verdict: 'PASS' }));
      },
    },
    {
      artefact: EVIDENCE.summary,
      change: 'the reason for sealing is taken out',
      check: CHECK.summary,
      verdict: 'FAIL',
      tamper: (run) => run.edit(EVIDENCE.summary, (text) => text.replace(/^.*sealed as failed.*\n/m, '')),
    },
  ],
};

const onAttestation: TamperGroup = {
  title: 'The attestation',
  cases: [
    ...(
      [
        ['verdict', (statement: Statement) => (statement.predicate.verdict = 'FAIL')],
        ['commit', (statement: Statement) => (statement.predicate.commit.head = '0'.repeat(40))],
        ['signer', (statement: Statement) => (statement.predicate.signOffs[0]!.signer = 'somebody@example.com')],
        ['sign-off', (statement: Statement) => (statement.predicate.signOffs = [])],
        ['step', (statement: Statement) => (statement.predicate.steps[2]!.result = 'FAIL')],
        ['lock', (statement: Statement) => (statement.predicate.lock.retainUntil = '2099-01-01T00:00:00Z')],
        ['final head', (statement: Statement) => (statement.predicate.chain.final.hash = '0'.repeat(64))],
        ['subject', (statement: Statement) => (statement.subject[0].digest.sha256 = '0'.repeat(64))],
      ] as const
    ).map(([fact, forge]): TamperCase => ({
      artefact: EVIDENCE.attestation,
      change: `the ${fact} is another one, signed anew with the same key`,
      check: CHECK.facts,
      tamper: (run) => forgeStatement(run, (statement) => void forge(statement), SIGNER),
    })),
    {
      artefact: EVIDENCE.uploadLog,
      change: 'the attestation names another digest of it, signed anew with the same key',
      check: CHECK.attested,
      tamper: (run) => {
        const forge = ({ predicate }: Statement) =>
          void (predicate.files.find(({ name }) => name === EVIDENCE.uploadLog)!.sha256 = hex(''));
        return forgeStatement(run, forge, SIGNER);
      },
    },
    {
      artefact: EVIDENCE.attestation,
      change: 'it is signed with another key',
      check: CHECK.signature,
      tamper: (run) => forgeStatement(run, () => {}, testKey()),
    },
    {
      artefact: EVIDENCE.attestation,
      change: "it is signed with another key, under the name of the run's key",
      check: CHECK.signature,
      tamper: (run) => forgeStatement(run, () => {}, { ...testKey(), signer: SIGNER.signer }),
    },
    {
      artefact: EVIDENCE.attestation,
      change: 'its signature is taken out',
      check: CHECK.signature,
      tamper: (run) => forgeStatement(run, () => {}, null),
    },
    {
      artefact: EVIDENCE.attestation,
      change: 'a second signature is added',
      check: CHECK.signature,
      tamper: (run) =>
        forgeEnvelope(run, (envelope) => ({ ...envelope, signatures: [...envelope.signatures, ...envelope.signatures] })),
    },
    {
      artefact: EVIDENCE.attestation,
      change: 'its signature names another key',
      check: CHECK.signature,
      tamper: (run) =>
        forgeEnvelope(run, ({ signatures, ...rest }) => ({
          ...rest,
          signatures: signatures.map((each) => ({ ...each, keyId: 'x' })),
        })),
    },
    {
      artefact: EVIDENCE.attestation,
      change: 'its payload is given another type',
      check: 'a DSSE envelope with an in-toto statement',
      tamper: (run) => forgeEnvelope(run, (envelope) => ({ ...envelope, payloadType: 'application/json' })),
    },
    {
      artefact: EVIDENCE.attestation,
      change: 'a field is added to what it says, signed anew with the same key',
      check: 'a DSSE envelope with an in-toto statement',
      tamper: (run) => forgeStatement(run, (statement) => void Object.assign(statement.predicate, { approved: true }), SIGNER),
    },
    {
      artefact: EVIDENCE.attestation,
      change: 'it is that of an older sealing of the run',
      check: CHECK.facts,
      tamper: (run) => older(run, [EVIDENCE.attestation]),
    },
    {
      artefact: EVIDENCE.attestation,
      change: 'history after the seal, manifest and summary are forged with all that fits them, and it is signed by nobody',
      check: CHECK.signature,
      tamper: (run) => forgeAllBeside(run, null),
    },
    {
      artefact: EVIDENCE.attestation,
      change:
        'history after the seal, manifest and summary are forged with all that fits them, and it is signed with another key',
      check: CHECK.signature,
      tamper: (run) => forgeAllBeside(run, testKey()),
    },
  ],
};

const onTimestamp: TamperGroup = {
  title: 'The timestamp',
  cases: [
    {
      artefact: EVIDENCE.timestamp,
      change: 'it is of another signature: the attestation is signed anew with the same key',
      check: CHECK.timestamp,
      tamper: (run) => forgeStatement(run, ({ predicate }) => void (predicate.attestedAt = '2020-01-01T00:00:00Z'), SIGNER),
    },
    {
      artefact: EVIDENCE.timestamp,
      change: 'it is of another signature: that of the attestation is taken out',
      check: CHECK.timestamp,
      tamper: (run) => forgeStatement(run, () => {}, null),
    },
    {
      artefact: EVIDENCE.timestamp,
      change: 'it is added to a run that asked for none',
      check: CHECK.timestamp,
      verdict: 'FAIL',
      tamper: (run) => run.write(EVIDENCE.timestamp, 'x'),
    },
  ],
};

export const TAMPER_GROUPS: readonly TamperGroup[] = [
  onFiles,
  inArchive,
  onManifest,
  onHistory,
  onSignOff,
  onSignOffTime,
  onSignatures,
  onSummary,
  onAttestation,
  onTimestamp,
];

function fileOf(name: string): Packed {
  return { name, mode: 0o644, content: Buffer.from('x') };
}

function inOrder(files: readonly Packed[]): Packed[] {
  return files.toSorted((a, b) => (a.name < b.name ? -1 : a.name === b.name ? 0 : 1));
}

function swapShots(files: readonly Packed[]): Packed[] {
  const [one, other] = SHOTS.map((shot) => files.find(({ name }) => name === shot)?.content);
  const swapped = new Map([
    [SHOTS[0], other],
    [SHOTS[1], one],
  ]);
  return files.map((file) => ({ ...file, content: swapped.get(file.name) ?? file.content }));
}

function lines(text: string, change: (lines: string[]) => string[]): string {
  return change(text.trimEnd().split('\n'))
    .map((line) => `${line}\n`)
    .join('');
}

/** The transitions that the archive holds. */
function sealedPart({ records }: TamperedRun): HistoryRecord[] {
  return records.slice(0, records.findIndex(({ to }) => to === 'sealing.scanning') + 1);
}

/** Other transitions after the seal, with right hashes. */
async function forgeTail(run: TamperedRun, forge: (text: string) => string): Promise<void> {
  const sealed = sealedPart(run);
  const after = run.records.slice(sealed.length);
  const changed = rechained(
    after,
    sealed.at(-1)?.hash ?? '',
    (record) => JSON.parse(forge(JSON.stringify(record))) as HistoryRecord,
  );
  await run.edit(EVIDENCE.historyTail, () => historyText(changed));
}

async function forgeEnvelope(run: TamperedRun, forge: (envelope: Envelope) => Envelope): Promise<void> {
  await run.edit(EVIDENCE.attestation, (text) => envelopeJson(forge(parseEnvelope(text))));
}

/** Another statement, signed by `key`; null: by nobody. */
async function forgeStatement(run: TamperedRun, forge: (statement: Statement) => void, key: TestKey | null): Promise<void> {
  await run.edit(EVIDENCE.attestation, (text) => {
    const { payload, payloadType } = parseEnvelope(text);
    const statement = JSON.parse(payload) as Statement;
    forge(statement);
    return envelopeText({ payloadType, payload: canonicalJson(statement) }, key);
  });
}

/** Another version in the bucket, and every file beside the archive made to fit: only the signature tells. */
async function forgeAllBeside(run: TamperedRun, key: TestKey | null): Promise<void> {
  await forgeTail(run, (text) => text.replaceAll('3sL4kqtJlcpXroDTDmJ', 'another-version'));
  const after = (await run.read(EVIDENCE.historyTail))
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as HistoryRecord);
  const { manifest, summary, attested } = sealedFacts(sealedPart(run).at(-1) as HistoryRecord, after.at(-1) as HistoryRecord);
  await run.write(EVIDENCE.manifest, manifestJson(manifest));
  await run.write(EVIDENCE.summary, resultSummary(summary));
  await run.write(EVIDENCE.attestation, await attestationText(run.evidence, attested, after, key));
}

/** Files of the same run as it was sealed before: with another log of the gates. */
async function older(run: TamperedRun, names: readonly string[]): Promise<void> {
  const earlier = await SealedRun.create({ files: { [EVIDENCE.rcGates]: 'gate 1 PASS\n' } });
  try {
    for (const name of names) await run.write(name, await earlier.evidence.read(name));
  } finally {
    await earlier.dispose();
  }
}
