import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { scanEvidence } from '../../src/actors/scan-evidence.js';
import { failure, sealingRun, type SealingRun } from './sealing-context.js';

/** Built from parts, so that no file of this repository looks as if it held one. */
const SECRET = ['AKIA', 'ABCDEFGHIJKLMNOP'].join('');

let run: SealingRun;
beforeEach(async () => {
  run = await sealingRun();
  await writeFile(file('00_scope.txt'), 'Timestamp: now\n');
  await writeFile(file('30_rc_gates.txt'), 'gates passed\n');
});
afterEach(() => run.end());

const file = (name: string) => join(run.directory, name);
const report = () => readFile(file('57_secret_scan.json'), 'utf8');

describe('scanEvidence', () => {
  test('reports every archived file but those that are written later', async () => {
    await writeFile(file('70_worm_upload_stdout.txt'), `not archived: ${SECRET}`);
    for (const later of ['58_history.ndjson', '59_index.sha256'])
      await writeFile(file(later), `of an earlier attempt: ${SECRET}`);
    expect(await scanEvidence({}, run.context())).toEqual({ filesScanned: 2, bytesScanned: 28 });
    const written = {
      filesScanned: 2,
      bytesScanned: 28,
      findings: 0,
      files: [
        { name: '00_scope.txt', findings: [] },
        { name: '30_rc_gates.txt', findings: [] },
      ],
    };
    expect(await report()).toBe(`${JSON.stringify(written, null, 2)}\n`);
  });

  test('a secret is named by file, line and kind, never by its text, in the error as in the report', async () => {
    await appendFile(file('30_rc_gates.txt'), `key ${SECRET}\n`);
    const error = await failure(scanEvidence({}, run.context()));
    expect(error.code).toBe('SECRET_FOUND');
    expect(error.message).toContain('30_rc_gates.txt:2 (aws-access-key-id)');
    expect(JSON.parse(await report())).toMatchObject({
      findings: 1,
      files: [
        { name: '00_scope.txt', findings: [] },
        { name: '30_rc_gates.txt', findings: [{ line: 2, kind: 'aws-access-key-id' }] },
      ],
    });
    expect(JSON.stringify([error.message, error.options]) + (await report())).not.toContain(SECRET);
  });

  test('a secret of the environment is found by its value', async () => {
    await appendFile(file('00_scope.txt'), 'the word is stand-in-secret-key');
    const env = { DB_PASSWORD: 'stand-in-secret-key' };
    expect((await failure(scanEvidence({}, run.context({ env })))).message).toContain('00_scope.txt:2 (env-');
  });

  test('the report of an earlier attempt is scanned too, and the log is closed, whatever was found', async () => {
    await appendFile(file('30_rc_gates.txt'), `key ${SECRET}\n`);
    let closed = 0;
    const scan = () => {
      const context = run.context();
      return scanEvidence(
        {},
        {
          ...context,
          openLog: async (name, options) => {
            const log = await context.openLog(name, options);
            const close = () => ((closed += 1), log.close());
            return { write: (text) => log.write(text), close } as typeof log;
          },
        },
      );
    };
    await failure(scan());
    expect(closed).toBe(1);
    await failure(scan());
    const { files } = JSON.parse(await report()) as { files: { name: string }[] };
    expect(files.map(({ name }) => name)).toEqual([
      '00_scope.txt',
      '30_rc_gates.txt',
      expect.stringMatching(/^57_secret_scan\.attempt-\d+\.json$/),
    ]);
  });
});
