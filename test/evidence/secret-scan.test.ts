import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { PILOT_SITE } from '../../src/config/site.js';
import { canonicalJson } from '../../src/evidence/canonical-json.js';
import { checkpointTemplate } from '../../src/evidence/checkpoint-template.js';
import type { EvidenceDir } from '../../src/evidence/evidence-dir.js';
import { genesisHash } from '../../src/evidence/hash-chain.js';
import { indexText } from '../../src/evidence/index-file.js';
import type { KnownSecret } from '../../src/evidence/known-secrets.js';
import { openEvidenceDir } from '../../src/evidence/local-evidence-dir.js';
import { createRedactor } from '../../src/evidence/redaction.js';
import { resultSummary } from '../../src/evidence/result-summary.js';
import { scopeText } from '../../src/evidence/scope.js';
import { scanForSecrets, type ScanResult } from '../../src/evidence/secret-scan.js';
import { completeCheckpoint } from './complete-checkpoint.js';
import { historyOf } from './history-example.js';
import { manifestText } from './manifest-example.js';
import { scopeFacts, summaryFacts } from './summary-example.js';

const RUN = '20260221T120000Z';
const ACCESS_KEY = `AKIA${'Q7Z2'.repeat(4)}`;
const PNG = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'latin1'), randomBytes(300_000)]);
let root: string;
let evidence: EvidenceDir;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'scan-'));
  evidence = openEvidenceDir(join(root, RUN), { root, redactor: () => createRedactor() });
  await evidence.create();
});

afterEach(async () => {
  await rm(root, { recursive: true });
});

/** Of every file that is there. */
async function scan(known: readonly KnownSecret[] = []): Promise<ScanResult> {
  const names = (await evidence.list()).map(({ name }) => name);
  return scanForSecrets(evidence, names, known);
}

describe('a scan', () => {
  test('of our own evidence has no findings: hashes, ids and the form are no secrets', async () => {
    const files: Record<string, string> = {
      '00_scope.txt': scopeText(scopeFacts),
      '10_preflight.json': JSON.stringify({
        checks: [{ name: 'pre-condition 5', ok: true, message: 'arn:aws:sts::123456789012:assumed-role/a/b' }],
      }),
      '55_db_rollback_human_checkpoint.txt': completeCheckpoint(
        checkpointTemplate({
          runId: RUN,
          runDirectory: `dpp/evidence/${RUN}`,
          createdAt: '2026-02-21T12:02:00Z',
          site: PILOT_SITE,
        }),
      ),
      '57_secret_scan.json': JSON.stringify({ filesScanned: 3, bytesScanned: 12_345_678, findings: [] }),
      '58_history.ndjson': historyOf(RUN, 20)
        .map((record) => `${canonicalJson(record)}\n`)
        .join(''),
      '59_index.sha256': indexText([{ name: '00_scope.txt', sha256: genesisHash(RUN) }]),
      '60_evidence_seal_manifest.json': manifestText,
      '70_worm_upload_stdout.txt': `PutObject VersionId=3sL4kqtJlcpXroDTDmJ-rmSpXd3dIbrHY ETag="${'d41d8cd98f00b204'.repeat(2)}" ChecksumSHA256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n`,
      '90_result_summary.txt': resultSummary(summaryFacts),
      'evidence.tar.gz.sha256': `${genesisHash(RUN)}  evidence.tar.gz\n`,
    };
    for (const [name, content] of Object.entries(files)) await evidence.write(name, content);
    await evidence.makeDirectory('56_db_restore_screenshots');
    await evidence.write('56_db_restore_screenshots/a.png', PNG);
    const scanned = await scan();
    expect(scanned.findings).toEqual([]);
    expect(scanned.filesScanned).toBe(11);
    expect(scanned.bytesScanned).toBe((await evidence.list()).reduce((sum, { size }) => sum + size, 0));
  });

  test('names file, line and kind of each secret, and never shows it', async () => {
    await evidence.write('a.txt', `one\ntwo ${ACCESS_KEY}\npostgres://u:s3cr3t-pw@db.example.com/x\n`);
    await evidence.write('b.txt', 'password = hunter22');
    const scanned = await scan();
    expect(scanned.findings).toEqual([
      { file: 'a.txt', line: 2, kind: 'aws-access-key-id' },
      { file: 'a.txt', line: 3, kind: 'url-password' },
      { file: 'b.txt', line: 1, kind: 'password' },
    ]);
    expect(JSON.stringify(scanned)).not.toMatch(/AKIA|s3cr3t|hunter/);
    expect((await scanForSecrets(evidence, ['b.txt'], [])).filesScanned).toBe(1);
  });

  test('finds a secret in the name of a file, and shows the name redacted', async () => {
    await evidence.write(`${ACCESS_KEY}.txt`, 'password = hunter22');
    const { files, findings } = await scan();
    const file = '[REDACTED:aws-access-key-id].txt';
    expect(findings).toEqual([
      { file, line: 0, kind: 'aws-access-key-id' },
      { file, line: 1, kind: 'password' },
    ]);
    expect(files).toEqual([file]);
  });

  test('of a binary file looks for exact tokens and known values only', async () => {
    await evidence.write('clean.png', Buffer.concat([PNG, Buffer.from(' password=hunter22 ')]));
    await evidence.write('token.png', Buffer.concat([PNG, Buffer.from(` ${ACCESS_KEY} `)]));
    await evidence.write('known.png', Buffer.concat([PNG, Buffer.from('correct-horse')]));
    const { findings } = await scan([{ name: 'DEPLOY_TOKEN', value: 'correct-horse' }]);
    expect(findings.map(({ file, kind }) => `${file} ${kind}`)).toEqual([
      'known.png env-DEPLOY_TOKEN',
      'token.png aws-access-key-id',
    ]);
  });

  test('finds nothing in a log that was redacted', async () => {
    const log = await evidence.openLog('log');
    await log.write(`token: ${ACCESS_KEY}\nAuthorization: Bearer ${'a1b2'.repeat(10)}\nDB_PASSWORD="x y z w"\n`);
    await log.close();
    expect((await scan()).findings).toEqual([]);
  });

  test('of a file that is missing fails', async () => {
    await expect(scanForSecrets(evidence, ['30_rc_gates.txt'], [])).rejects.toMatchObject({ code: 'MISSING' });
  });
});
