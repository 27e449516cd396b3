import type { HistoryRecord } from '../../../src/evidence/history-record.js';
import { EVIDENCE } from '../../../src/evidence/layout.js';
import { parseSignOffStatement, signOffStatementText, type SshSignature } from '../../../src/evidence/sign-off/statement.js';
import type { SignOff } from '../../../src/machine/context.js';
import { SignOffKey } from '../../sign-off-key.js';
import { rechained } from './sealed-run.js';
import type { TamperCase, TamperGroup } from './tamper-cases.js';
import type { TamperedRun } from './tamper.js';

type Signed = SignOff & { readonly signature: SshSignature };
type Change = (signOff: Signed, key: SignOffKey, records: readonly HistoryRecord[]) => SignOff;

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

/** What can be done to a sign-off in the history, everything in the archive and the manifest made to fit. */
export const onSignOff: TamperGroup = {
  title: 'The sign-off by a key',
  cases: CHANGES.map(([change, of]): TamperCase => ({
    artefact: EVIDENCE.history,
    change: `the sign-off: ${change}`,
    check: 'the SSH signature of the sign-off, by an allowed signer',
    signedByKey: true,
    tamper: (run) => changeSignOff(run, of),
  })),
};

/** In the event and in the snapshot alike, with a chain that is right again. */
async function changeSignOff(run: TamperedRun, change: Change): Promise<void> {
  const at = run.records.findIndex(({ event }) => event.type === 'SIGNED_OFF');
  const records = run.records.slice(0, at + 1);
  const key = run.signOffKey;
  if (at < 0 || key === null) throw new Error('the run has no sign-off by a key');
  const signOff = change(records[at]?.event['signOff'] as Signed, key, records);
  const changed = rechained(records, records[0]?.prev_hash ?? '', (record) => {
    if (record.seq !== at + 1) return record;
    const snapshot = record.snapshot as { readonly context: object };
    return {
      ...record,
      event: { ...record.event, signOff },
      snapshot: { ...snapshot, context: { ...snapshot.context, signOff } },
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
