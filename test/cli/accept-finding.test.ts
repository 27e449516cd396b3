import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { scanned } from '../../src/actors/scanned-step.js';
import { MIXED, word } from '../evidence/secret-examples.js';
import { PilotWorkspace, WORLD, type Said } from './pilot-workspace.js';

const RUN = '20260221T120001Z';
const TOKEN = `hvs.${word(MIXED, 95)}`;
const KIND = 'secretlint-hashicorp-vault-HASHICORP_VAULT_SERVICE_TOKEN';
const LOG = '30_rc_gates.txt';

describe('a finding of the secret scan', () => {
  let pilot: PilotWorkspace;
  let gateRuns = 0;
  let printed = '';
  beforeEach(() => {
    pilot = new PilotWorkspace();
    gateRuns = 0;
    printed = `vault ${TOKEN}`;
    pilot.actors['runRcGates'] = scanned(async (_input: never, { openLog }) => {
      gateRuns += 1;
      const log = await openLog(LOG);
      await log.write(`gate 1 ok\n${printed}\n`);
      return { runner: 'runner.sh', exitCode: 0, durationMs: 5, outputBytes: 20 };
    });
  });
  afterEach(() => pilot.dispose());

  const accept = (over: Partial<Record<'file' | 'line' | 'rule', string>> = {}): Promise<Said> => {
    const { file, line, rule } = { file: LOG, line: '2', rule: KIND, ...over };
    return pilot.cutover(
      'accept-finding',
      RUN,
      '--file',
      file,
      '--line',
      line,
      '--rule',
      rule,
      '--reason',
      'of the vendor’s docs',
    );
  };
  const status = async () => JSON.parse((await pilot.cutover('status', RUN, '--json')).stdout);

  test('stops the run at its step; accepted, the scan alone is made again, and the summary shows who accepted it and why', async () => {
    const { code, stdout, stderr } = await pilot.cutover('start');
    expect(code).toBe(1);
    expect(stdout + stderr).toContain(`${LOG}:2 (${KIND})`);
    expect(stdout + stderr).not.toContain(TOKEN.slice(4, 40));
    expect(stdout).toMatch(new RegExp(`supervisor +cutover accept-finding ${RUN} --file ${LOG} --line 2 --rule ${KIND}`));
    expect((await status()).failure).toMatchObject({ step: 'runningRcGates', code: 'SECRET_FOUND' });

    expect((await pilot.cutover('retry', RUN)).code).toBe(1);
    expect((await accept()).code).toBe(0);
    expect((await status()).exceptions).toMatchObject([
      { by: 'operator (asserted)', reason: 'of the vendor’s docs', finding: { file: LOG, line: 2, kind: KIND } },
    ]);
    expect((await pilot.cutover('status', RUN)).stdout).toContain('finding of the secret scan accepted');
    expect((await pilot.cutover('retry', RUN)).code).toBe(2);
    expect(gateRuns).toBe(1);

    pilot.completeForm();
    expect((await pilot.cutover('resume', RUN)).code).toBe(0);
    const summary = readFileSync(pilot.evidence(RUN, '90_result_summary.txt'), 'utf8');
    expect(summary).toMatch(/AC5: No secrets in evidence +: PASS \(.*no finding but 1 accepted, see below\)/);
    expect(summary).toMatch(
      new RegExp(`operator \\(asserted\\): finding of the secret scan accepted \\(${LOG}:2 ${KIND}, .*of the vendor’s docs`),
    );
    const report = JSON.parse(readFileSync(pilot.evidence(RUN, '57_secret_scan.json'), 'utf8'));
    expect(report).toMatchObject({
      accepted: 1,
      exceptions: [{ file: LOG, line: 2, by: 'operator (asserted)', reason: 'of the vendor’s docs' }],
    });
  });

  test('is accepted for the file as it is: changed, it needs another one', async () => {
    await pilot.cutover('start');
    await accept();
    await pilot.cutover('retry', RUN);
    pilot.completeForm();
    appendFileSync(pilot.evidence(RUN, LOG), 'one line more\n');
    const { code, stderr } = await pilot.cutover('resume', RUN);
    expect(code).toBe(2);
    expect(stderr).toMatch(new RegExp(`${LOG}:2 +secret +a secret \\(${KIND}\\)`));
  });

  test('at the pause is accepted there, and the sign-off goes on', async () => {
    printed = 'gate 2 ok';
    await pilot.cutover('start');
    pilot.completeForm(RUN, { screenshots: ['restore-01.png', 'psql.pdf'] });
    writeFileSync(pilot.evidence(RUN, '56_db_restore_screenshots', 'psql.pdf'), '%PDF-1.7\npassword=not-a-real-one\n');
    expect((await pilot.cutover('resume', RUN)).code).toBe(2);
    const there = { file: '56_db_restore_screenshots/psql.pdf', line: '2', rule: 'password' };
    expect((await accept(there)).code).toBe(0);
    expect((await pilot.cutover('resume', RUN)).code).toBe(0);
  });

  test('of the drill can be accepted though restoring staging went on in its log; each acceptance is for the file as it is then', async () => {
    const log = '50_rollback_drill.txt';
    printed = 'gate 2 ok';
    const { drillAppRollback, restoreStaging } = pilot.actors;
    pilot.actors['drillAppRollback'] = scanned(async (input: never, context) => {
      const openLog = async (name: string) => {
        const opened = await context.openLog(name);
        await opened.write(`vault ${TOKEN}\n`);
        return opened;
      };
      return drillAppRollback?.(input, { ...context, openLog });
    });
    if (restoreStaging !== undefined) pilot.actors['restoreStaging'] = scanned(restoreStaging);
    const found = { file: log, line: '1' };
    const proposes = expect.stringContaining(`cutover accept-finding ${RUN} --file ${log} --line 1 --rule ${KIND}`);
    const failedAt = async () => {
      pilot.at = new Date(pilot.at.getTime() + 60_000);
      const { failure } = await status();
      return [failure.step, failure.code];
    };
    const again = expect.stringContaining(`cutover retry ${RUN}`);
    expect(await pilot.cutover('start')).toMatchObject({ code: 1, stdout: proposes });
    expect(await failedAt()).toEqual(['restoringStaging', 'SECRET_FOUND']);
    expect(await accept(found)).toMatchObject({ code: 0, stdout: again });
    // Staging is restored; the drill's own scan is still to be made, and restoring goes on in its log after that.
    expect(await pilot.cutover('retry', RUN)).toMatchObject({ code: 1, stdout: again });
    expect(await failedAt()).toEqual(['drillingAppRollback', 'SECRET_FOUND']);
    expect(await pilot.cutover('retry', RUN)).toMatchObject({ code: 1, stdout: proposes });
    expect(await failedAt()).toEqual(['restoringStaging', 'SECRET_FOUND']);
    expect(await accept(found)).toMatchObject({ code: 0, stdout: again });
    expect((await pilot.cutover('retry', RUN)).code).toBe(2);
    pilot.completeForm();
    expect(await pilot.cutover('resume', RUN)).toMatchObject({ code: 0 });
  });

  test('in the history is never accepted, for the history would hold that, too: nobody is told to, and a new run is named', async () => {
    printed = 'gate 2 ok';
    await pilot.cutover('start');
    pilot.completeForm();
    pilot.world = { ...WORLD, gitStatus: 'changed' };
    const { code, stdout } = await pilot.cutover('resume', RUN, '--accept-drift', `vault ${TOKEN}`);
    expect(code).toBe(1);
    expect((await status()).failure).toMatchObject({
      step: 'sealing.archiving',
      code: 'SECRET_FOUND',
      message: expect.stringMatching(/^\d+ secrets are.*58_history\.ndjson.*then start a new run: cutover start$/s),
    });
    expect(stdout).not.toContain(`cutover accept-finding ${RUN}`);
    const [finding] = (await status()).failure.details.findings;
    const refused = await accept({ file: finding.file, line: String(finding.line), rule: finding.kind });
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('Start a new run: cutover start')]);
    expect((await status()).exceptions).toHaveLength(1);
  });

  test.each([
    [{ line: '1' }, `finds no ${KIND} at ${LOG}:1; it finds ${LOG}:2 (${KIND})`],
    [{ rule: 'jwt' }, `finds no jwt at ${LOG}:2`],
    [{ file: '00_scope.txt' }, 'it finds nothing there'],
    [{ rule: 'env-DB_PASSWORD' }, 'is the value of a variable of the environment'],
    [{ file: 'nothing.txt' }, 'There is no such evidence file'],
  ])('that is not there as it is named is refused: %j', async (named, why) => {
    await pilot.cutover('start');
    const { code, stderr } = await accept(named);
    expect([code, stderr]).toEqual([1, expect.stringContaining(why)]);
    expect((await status()).exceptions).toEqual([]);
  });

  test.each([
    [['--line', '1', '--rule', 'jwt', '--reason', 'x'], '--file'],
    [['--file', 'a', '--rule', 'jwt', '--reason', 'x'], '--line'],
    [['--file', 'a', '--line', 'one', '--rule', 'jwt', '--reason', 'x'], '--line is "one"'],
    [['--file', 'a', '--line', '1', '--reason', 'x'], '--rule'],
    [['--file', 'a', '--line', '1', '--rule', 'jwt'], '--reason'],
  ])('needs all that names it, and a reason: %j', async (argv, missing) => {
    const { code, stderr } = await pilot.cutover('accept-finding', RUN, ...argv);
    expect([code, stderr]).toEqual([64, expect.stringContaining(missing)]);
  });
});
