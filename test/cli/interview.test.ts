import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { InterruptedError } from '../../src/engine/errors.js';
import { EVIDENCE } from '../../src/evidence/layout.js';
import { SCREENSHOT } from '../evidence/complete-checkpoint.js';
import { PilotWorkspace } from './pilot-workspace.js';

const RUN = '20260221T120001Z';
const PNG = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
/** Ctrl-C and Ctrl-D. */
const INTERRUPT = Symbol('Ctrl-C');
const END = Symbol('Ctrl-D');
type Typed = string | typeof INTERRUPT | typeof END;

/** Lines that a person types, in their order, through the whole form. */
const ANSWERS = {
  recoveryPoint: '2026-02-21T10:30:00Z',
  method: '3',
  target: 'dpp-restore-drill.db.example.com',
  tenants: '42, as in the source',
  keys: '117',
  billing: '10 of 10 match',
  webhooks: 'processed 980, failed 0',
  proof: 'current_database() is dpp_restore',
  picture: 'shots/restore 01.png',
  noMore: '',
  duration: '38',
  cleanUp: 'yes',
  signer: 'verifier@example.com',
  today: '',
} as const;

describe('the questions at the terminal', () => {
  let pilot: PilotWorkspace;
  beforeEach(async () => {
    pilot = new PilotWorkspace();
    expect((await pilot.cutover('start')).code).toBe(2);
    picture('restore 01.png', PNG);
  });
  afterEach(() => pilot.dispose());

  const picture = (name: string, content: Buffer | string) => {
    mkdirSync(join(pilot.directory, 'shots'), { recursive: true });
    writeFileSync(join(pilot.directory, 'shots', name), content);
  };
  const form = () => readFileSync(pilot.evidence(RUN, EVIDENCE.checkpoint), 'utf8');
  const status = async () => JSON.parse((await pilot.cutover('status', RUN, '--json')).stdout);

  /** Calls sign-off with somebody at the terminal who types these lines; a question more than that is a defect. */
  const typing = async (typed: readonly Typed[], ...args: string[]) => {
    const lines = [...typed];
    pilot.prompt = () => {
      const line = lines.shift();
      if (line === undefined) throw new Error('asked once too often');
      if (line === INTERRUPT) return Promise.reject(new InterruptedError('SIGINT'));
      return Promise.resolve(line === END ? null : line);
    };
    const said = await pilot.cutover('sign-off', RUN, ...args);
    pilot.prompt = null;
    return { ...said, notAsked: lines };
  };
  const all = Object.values(ANSWERS);

  test('lead through the whole form, show it with the statement, and sign what was shown', async () => {
    const { code, stderr, notAsked } = await typing([...all, RUN]);
    expect({ code, notAsked }).toEqual({ code: 0, notAsked: [] });
    expect(stderr).toMatch(/A\. Recovery point in time \(1 of 13\)\n {3}The instant, in UTC/);
    expect(stderr).toContain('  Status: COMPLETED\n');
    expect(stderr).toContain('  [x] RDS snapshot\n');
    expect(stderr).toMatch(/The statement that you sign:\n\n\{"files":\{.*"run_id":"20260221T120001Z".*\}\n/);
    expect(stderr).toMatch(/restore-01\.png {2}PNG, 16 bytes\n {3}sha256 [0-9a-f]{64}\n/);
    expect(form()).toContain('Status: COMPLETED\n');
    expect((await status()).sign_off).toMatchObject({ signer: 'verifier@example.com', date: '2026-02-21', level: 'asserted' });
    expect((await pilot.cutover('resume', RUN)).code).toBe(0);
  });

  test.each<[string, RegExp, readonly Typed[]]>([
    ['an instant in the future', /2027-01-01T00:00:00Z is in the future/, ['2027-01-01T00:00:00Z']],
    ['an empty answer', /the blank is not filled in/, ['']],
    ['a control character', /has a control character/, ['2026-02-21T10:30:00Z\u0007']],
    ['a method that there is not', /"6" is none of the numbers 1 to 5/, [ANSWERS.recoveryPoint, '6']],
    ['another method that is not described', /other: the blank is not filled in/, [ANSWERS.recoveryPoint, '5', '']],
    ['production as the target', /"prod-db" refers to production/, [ANSWERS.recoveryPoint, '3', 'prod-db']],
  ])('refuse %s by the rule of the form, and ask again', async (_what, why, typed) => {
    const { stderr } = await typing([...typed, END]);
    expect(stderr.replaceAll(/\n {3}/g, ' ')).toMatch(why);
  });

  test('can be left at any time; what was answered is in the form, and the same command goes on with the rest', async () => {
    const { seq } = await status();
    const first = await typing([ANSWERS.recoveryPoint, '5', 'pg_restore of a dump', INTERRUPT]);
    expect(first).toMatchObject({ code: 130, stderr: expect.stringContaining(EVIDENCE.checkpoint) });
    expect(form()).toContain('[x] other: pg_restore of a dump\n');
    expect(form()).toContain('Status: PENDING\n');
    const second = await typing([ANSWERS.target, END]);
    expect(second).toMatchObject({ code: 2, stderr: expect.stringContaining(`cutover sign-off ${RUN}`) });
    expect(await typing(all.slice(3))).toMatchObject({ code: 1 });
    expect((await status()).seq).toBe(seq);
    // The run id was not typed: all is answered, nothing is signed, and nothing is asked again but that.
    expect(form()).toContain('Status: PENDING\n');
    expect((await pilot.cutover('resume', RUN)).code).toBe(2);
    expect(await typing([RUN])).toMatchObject({ code: 0, notAsked: [] });
  });

  test('ask again for an answer that an editor spoiled, and leave alone what no answer mends', async () => {
    await typing([...all, END]);
    const file = pilot.evidence(RUN, EVIDENCE.checkpoint);
    writeFileSync(file, form().replace(ANSWERS.target, 'prod-db').replace('F. Duration', 'F. How long'));
    const { code, stderr, notAsked } = await typing([ANSWERS.target]);
    expect({ code, notAsked }).toEqual({ code: 2, notAsked: [] });
    expect(stderr).toMatch(/the heading was altered: it must be "F\. Duration"/);
    expect(form()).toContain(ANSWERS.target);
  });

  test('go through everything again with --edit: Enter takes what stands there, and half of it is no finished form', async () => {
    await typing([...all, END]);
    await typing(['', '', '', '43', END], '--edit');
    expect(form()).toContain('Tenant count: 43\n');
    expect(form()).toContain('Status: PENDING\n');
    const keeping = [...all.slice(0, 8).map(() => ''), '', '', '', '', '', RUN];
    expect(await typing(keeping, '--edit')).toMatchObject({ code: 0, notAsked: [] });
    expect(form()).toContain('Tenant count: 43\n');
  });

  test('take screenshots by their path and content: PNG, JPEG, WebP and PDF, and nothing else', async () => {
    picture('empty.png', '');
    picture('text.png', 'this is no picture');
    picture('large.png', Buffer.concat([PNG, Buffer.alloc(21 * 1024 * 1024)]));
    picture('a.jpg', Buffer.from('ffd8ffe000104a464946', 'hex'));
    picture('b.webp', 'RIFF\u0000\u0000\u0000\u0000WEBPVP8 ');
    picture('c.pdf', '%PDF-1.7\n');
    const paths = ['empty.png', 'text.png', 'large.png', 'none.png', '.', 'a.jpg', 'b.webp', 'c.pdf', 'a.jpg'];
    const { stderr } = await typing([...all.slice(0, 8), '', ...paths.map((name) => `shots/${name}`), '', END]);
    const words = stderr.replaceAll(/\n {3}/g, ' ');
    for (const why of [
      /no screenshot is named|the blank is not filled in/,
      /empty\.png is empty/,
      /text\.png is neither PNG, JPEG, WebP nor PDF/,
      /large\.png cannot be read \(it has 22 MiB, more than 20\)/,
      /none\.png cannot be read \(ENOENT\)/,
      /shots\/\. cannot be read \(it is no file\)/,
    ])
      expect(words).toMatch(why);
    expect(form()).toContain('[x] File names, separated by commas: a.jpg, b.webp, c.pdf\n');
  });

  test('do not take another picture for one of the same name, nor what was put there by hand and is no picture', async () => {
    mkdirSync(join(pilot.directory, 'other'));
    writeFileSync(join(pilot.directory, 'other', 'restore-01.png'), Buffer.concat([PNG, PNG]));
    writeFileSync(pilot.evidence(RUN, EVIDENCE.screenshots, 'note.txt'), 'x');
    const { stderr } = await typing([...all.slice(0, 9), 'other/restore-01.png', '', END]);
    const words = stderr.replaceAll(/\n {3}/g, ' ');
    expect(words).toMatch(/another 56_db_restore_screenshots\/restore-01\.png is there already/);
    expect(words).toMatch(/note\.txt is neither PNG, JPEG, WebP nor PDF: remove it/);
  });

  test('are not asked of a second verifier while the first one has claimed the gate, nor with --yes', async () => {
    await pilot.cutover('claim', RUN, '--as', 'ada@example.com');
    expect(await typing([], '--as', 'bob@example.com')).toMatchObject({ code: 75 });
    expect(await typing([], '--as', 'ada@example.com', '--yes')).toMatchObject({ code: 2 });
  });

  test.each([
    ['to a question', 0],
    ['with a screenshot', 8],
  ])('write nothing any more once somebody else has signed and the run is sealed: an answer %s', async (_what, before) => {
    const template = form();
    await typing([...all.slice(0, before), END]);
    const screenshots = () => readdirSync(pilot.evidence(RUN, EVIDENCE.screenshots));
    pilot.prompt = async () => {
      pilot.prompt = null;
      writeFileSync(pilot.evidence(RUN, EVIDENCE.checkpoint), template);
      pilot.completeForm();
      expect((await pilot.cutover('sign-off', RUN, '--as', 'bob@example.com')).code).toBe(0);
      expect((await pilot.cutover('resume', RUN)).code).toBe(0);
      return String(all[before]);
    };
    expect(await pilot.cutover('sign-off', RUN, '--as', 'ada@example.com')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`Run ${RUN} is in completed`),
    });
    expect(form()).toContain('Status: COMPLETED\n');
    expect(screenshots()).toEqual([SCREENSHOT]);
    const { sign_off: signOff } = await status();
    expect(createHash('sha256').update(form()).digest('hex')).toBe(signOff.files[EVIDENCE.checkpoint]);
  });

  test('are asked nowhere but at a terminal: --edit without one is refused', async () => {
    for (const more of [['--edit'], ['--edit', '--yes']])
      expect(await pilot.cutover('sign-off', RUN, '--as', 'v', ...more)).toMatchObject({
        code: 64,
        stderr: expect.stringContaining('--edit asks at a terminal'),
      });
  });

  test('sign what was shown, or nothing: evidence that changes before the id is typed is found', async () => {
    const lines: readonly string[] = [...all];
    let asked = 0;
    pilot.prompt = () => {
      const line = lines[asked];
      asked += 1;
      if (line !== undefined) return Promise.resolve(line);
      writeFileSync(pilot.evidence(RUN, EVIDENCE.screenshots, 'restore-01.png'), Buffer.concat([PNG, PNG]));
      return Promise.resolve(RUN);
    };
    expect(await pilot.cutover('sign-off', RUN)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/restore-01\.png +statement +SHA-256/),
    });
  });
});
