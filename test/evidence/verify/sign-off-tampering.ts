import type { HistoryRecord } from '../../../src/evidence/history-record.js';
import { EVIDENCE } from '../../../src/evidence/layout.js';
import { parseSignOffStatement, signOffStatementText, type SshSignature } from '../../../src/evidence/sign-off/statement.js';
import type { Countersignature } from '../../../src/machine/signatures.js';
import { SignOffKey } from '../../sign-off-key.js';
import { rechained } from './sealed-run.js';
import type { TamperCase, TamperGroup } from './tamper-cases.js';
import type { TamperedRun } from './tamper.js';

type Signed = Countersignature & { readonly signature: SshSignature };
type Change = (signOff: Signed, key: SignOffKey, records: readonly HistoryRecord[]) => Countersignature;

const CHANGES: readonly (readonly [string, Change])[] = [
  ['its signature is one of another text', (signOff, key) => signed(signOff, { armored: key.sign('another text\n') })],
  [
    'its signature is one for another purpose',
    (signOff, key) => signed(signOff, { armored: key.sign(signOff.signature.statement, 'file') }),
  ],
  ['its signature is by a key that is not listed', (signOff) => signed(signOff, byAnotherKey(signOff.signature.statement))],
  ['its signature is no signature', (signOff) => signed(signOff, { armored: 'x' })],
  ['another key is named', (signOff) => signed(signOff, { fingerprint: 'SHA256:0000' })],
  ['another person is named as the one of the key', (signOff) => signed(signOff, { principal: 'somebody@example.com' })],
  ['its meaning is another one, in the signed statement, too', (signOff) => withMeaning(signOff, 'Everything is well.')],
  ['its meaning is another one than in the signed statement', (signOff) => ({ ...signOff, meaning: 'Everything is well.' })],
  ['its statement is no statement', (signOff) => signed(signOff, { statement: '{}\n' })],
  [
    'it is of a transition before the pause, and signed as such',
    (signOff, key, records) => signedAnew({ ...signOff, seq: 3 }, key, records[2]?.hash ?? ''),
  ],
  ['its signature is taken away', ({ signature: _, ...signOff }) => signOff],
  ['it is made an asserted one', ({ signature: _, ...signOff }) => ({ ...signOff, level: 'asserted' })],
];

/** Of those of the sign-off, what proves that the signature of a lead is looked at as well. */
const CHANGES_OF_LEAD: readonly (readonly [string, Change])[] = [
  ['its signature is by a key that is not listed', (lead) => signed(lead, byAnotherKey(lead.signature.statement))],
  ['its meaning is another one than in the signed statement', (lead) => ({ ...lead, meaning: 'Everything is well.' })],
  ['it is made an asserted one', ({ signature: _, ...lead }) => ({ ...lead, level: 'asserted' })],
];

/** What can be done to a signature in the history, everything in the archive and the manifest made to fit. */
export const onSignOff: TamperGroup = {
  title: 'The sign-off by a key',
  cases: [
    ...CHANGES.map(([change, of]) => tamperCase(`the sign-off: ${change}`, (run) => changeSigned(run, 'SIGNED_OFF', of))),
    ...CHANGES_OF_LEAD.map(([change, of]) =>
      tamperCase(`the signature of the lead: ${change}`, (run) => changeSigned(run, 'COUNTERSIGNED', of)),
    ),
  ],
};

/** The time of a signature in the history, which its own signature does not cover. */
export const onSignOffTime: TamperGroup = {
  title: 'The time of a signature',
  cases: (['SIGNED_OFF', 'COUNTERSIGNED'] as const).map((type) => ({
    artefact: EVIDENCE.history,
    change: `${type === 'SIGNED_OFF' ? 'the sign-off' : 'the signature of the lead'} is of a time after the gate expired`,
    check: 'each signature, before the human gate expired',
    tamper: async (run) => {
      const records = run.records.slice(0, run.records.findIndex(({ to }) => to === 'sealing.scanning') + 1);
      const later = (at: string) => new Date(Date.parse(at) + 48 * 3_600_000).toISOString();
      const changed = rechained(records, records[0]?.prev_hash ?? '', (record) =>
        record.event.type === type ? { ...record, at: later(record.at) } : record,
      );
      await run.replaceHistory(changed, { index: true, digests: true, beside: true });
    },
  })),
};

function tamperCase(change: string, tamper: TamperCase['tamper']): TamperCase {
  const check = 'the SSH signature of the sign-off, by an allowed signer';
  return { artefact: EVIDENCE.history, change, check, signedByKey: true, tamper };
}

/** In the event and in the snapshots from there on, with a chain that is right again. */
async function changeSigned(run: TamperedRun, type: 'SIGNED_OFF' | 'COUNTERSIGNED', change: Change): Promise<void> {
  const at = run.records.findIndex(({ event }) => event.type === type);
  const records = run.records.slice(0, run.records.findIndex(({ to }) => to === 'sealing.scanning') + 1);
  const key = run.signOffKey;
  if (at < 0 || key === null) throw new Error('the run has no sign-off by a key');
  const name = type === 'SIGNED_OFF' ? 'signOff' : 'countersignature';
  const given = change(records[at]?.event[name] as Signed, key, records);
  const changed = rechained(records, records[0]?.prev_hash ?? '', (record) => {
    if (record.seq < at + 1) return record;
    const snapshot = record.snapshot as { readonly context: object };
    const inContext = type === 'SIGNED_OFF' ? { signOff: given } : { countersignatures: [given] };
    return {
      ...record,
      event: record.seq === at + 1 ? { ...record.event, [name]: given } : record.event,
      snapshot: { ...snapshot, context: { ...snapshot.context, ...inContext } },
    };
  });
  await run.replaceHistory(changed, { index: true, digests: true, beside: true });
}

function signed(signOff: Signed, change: Partial<SshSignature>): Signed {
  return { ...signOff, signature: { ...signOff.signature, ...change } };
}

function withMeaning(signOff: Signed, meaning: string): Signed {
  const statement = signOffStatementText({ ...parseSignOffStatement(signOff.signature.statement), meaning });
  return signed({ ...signOff, meaning }, { statement });
}

function signedAnew(signOff: Signed, key: SignOffKey, head: string): Signed {
  const before = parseSignOffStatement(signOff.signature.statement);
  const statement = signOffStatementText({ ...before, seq: signOff.seq, head });
  return signed(signOff, { statement, armored: key.sign(statement) });
}

function byAnotherKey(statement: string): Partial<SshSignature> {
  const other = new SignOffKey();
  try {
    return { armored: other.sign(statement), fingerprint: other.fingerprint };
  } finally {
    other.dispose();
  }
}
