import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { completeCheckpoint, SCREENSHOT, type Answers } from '../../evidence/complete-checkpoint.js';
import type { FaultCase, FaultGroup } from '../fault-case.js';
import type { FaultPilot } from '../fault-pilot.js';

const FORM = '55_db_rollback_human_checkpoint.txt';
const SCREENSHOTS = '56_db_restore_screenshots';
const IMAGE = `${SCREENSHOTS}/${SCREENSHOT}`;
const NO_IMAGE = `File names, separated by commas: ${SCREENSHOT} is not in ${SCREENSHOTS}/, or is empty`;
const RECOVERY_POINT = 'Recovery point (UTC, YYYY-MM-DDThh:mm:ssZ)';
/** Of the form of an AWS access key id; it is nobody's. */
const SECRET = `AKIA${'ABCDEFGH23456789'}`;

/** A path of the evidence that becomes something else; what was there is kept aside, and brought back. */
function instead(
  file: string,
  what: string,
  how: string,
  inject: (path: string, kept: string, pilot: FaultPilot) => unknown,
  says: FaultCase['says'],
): FaultCase {
  const kept = (pilot: FaultPilot) => join(pilot.directory, 'kept');
  return {
    what,
    how,
    inject: async (pilot) => {
      const path = await pilot.evidenceFile(file);
      await rm(kept(pilot), { recursive: true, force: true });
      await rename(path, kept(pilot));
      await inject(path, kept(pilot), pilot);
    },
    mend: async (pilot) => {
      const path = await pilot.evidenceFile(file);
      await rm(path, { recursive: true, force: true });
      await rename(kept(pilot), path);
    },
    exitCode: 2,
    says,
  };
}

/** The completed form, written otherwise. */
function form(how: string, edit: (complete: string) => string | Uint8Array, ...says: FaultCase['says']): FaultCase {
  const inject = async (path: string, kept: string, pilot: FaultPilot) => pilot.write(path, edit(await readFile(kept, 'utf8')));
  return instead(FORM, 'checkpoint', how, inject, says);
}

/** A finding as it is printed: the line of the form, its item, what is wrong. */
function finding(line: number, item: string, message: string): string {
  return `${FORM}:${line}  ${item}  ${message}`;
}

/** One answer of the form is another one. */
function answer(how: string, key: keyof Answers, given: string, line: number, item: string, message: string): FaultCase {
  const edit = (complete: string) => completeCheckpoint(blankForm(complete), { [key]: key === 'screenshots' ? [given] : given });
  return form(how, edit, finding(line, item, message));
}

function blank(key: keyof Answers, line: number, item: string, label: string): FaultCase {
  const how = `item ${item}, ${label}: the blank is as it was`;
  return answer(how, key, '____', line, item, `${label}: the blank is not filled in`);
}

/** The form as the run wrote it, made again of the completed one. */
function blankForm(complete: string): string {
  return complete
    .replace('Status: COMPLETED', 'Status: PENDING')
    .replace(/^\[x\] (.*?): .*$/gm, '[ ] $1: ____')
    .replaceAll('[x] ', '[ ] ');
}

function replaced(from: string | RegExp, to: string): (complete: string) => string {
  return (complete) => complete.replace(from, to);
}

/** A form that an editor saves as UTF-16 with its byte order mark. */
function utf16(text: string): Uint8Array {
  return Buffer.from(`\uFEFF${text}`, 'utf16le');
}

const STATUS_WANTED = 'when everything is done it must be exactly "Status: COMPLETED"';

export const CHECKPOINT: FaultGroup = {
  title: 'Step 3b: the checkpoint',
  stage: 'gate',
  cases: [
    form('as the run wrote it', blankForm, finding(7, 'status', `the line is "Status: PENDING"; ${STATUS_WANTED}`)),
    form(
      'the status alone is changed',
      (complete) => blankForm(complete).replace('PENDING', 'COMPLETED'),
      finding(19, 'A', 'the box is not ticked: write [x] when it is done'),
      finding(49, 'H', 'the box is not ticked: write [x] when it is done'),
    ),
    form(
      'one box is open',
      replaced('[x] Tenant count', '[ ] Tenant count'),
      finding(32, 'D', 'the box is not ticked: write [x] when it is done'),
    ),
    form('a box holds an X', replaced('[x] Tenant count', '[X] Tenant count'), finding(32, 'D', 'the box is [X]: write [x]')),
    form(
      'the status in a comment',
      replaced('Status: COMPLETED', '# Status: COMPLETED'),
      finding(7, 'status', `the line is "# Status: COMPLETED"; ${STATUS_WANTED}`),
    ),
    form(
      'the status in another case',
      replaced('Status: COMPLETED', 'status: completed'),
      finding(7, 'status', `the line is "status: completed"; ${STATUS_WANTED}`),
    ),
    form(
      'the status twice',
      replaced('Status: COMPLETED', 'Status: COMPLETED\nStatus: PENDING'),
      finding(8, 'status', 'the status is given more than once (first on line 7)'),
    ),
    form(
      'the status at the end',
      (complete) => `${complete.replace('Status: COMPLETED\n', '')}Status: COMPLETED\n`,
      finding(49, 'status', 'the status line belongs above item A'),
    ),
    form(
      'no status',
      replaced('Status: COMPLETED', ''),
      finding(3, 'status', 'the status line is missing: write "Status: COMPLETED" when everything is done'),
    ),
    blank('recoveryPoint', 19, 'A', RECOVERY_POINT),
    answer(
      'item A: in the future',
      'recoveryPoint',
      '2999-01-01T00:00:00Z',
      19,
      'A',
      `${RECOVERY_POINT}: 2999-01-01T00:00:00Z is in the future`,
    ),
    form(
      'item B: no method',
      replaced('[x] Supabase restore', '[ ] Supabase restore'),
      finding(21, 'B', 'no method is ticked: write [x] at the one that was used'),
    ),
    form(
      'item B: two methods',
      replaced('[ ] RDS PITR', '[x] RDS PITR'),
      finding(25, 'B', 'more than one method is ticked (first on line 22)'),
    ),
    answer('item B: another one that is not described', 'method', 'other: ____', 26, 'B', 'other: the blank is not filled in'),
    blank('target', 29, 'C', 'Recovery target (host or project)'),
    answer(
      'item C: production',
      'target',
      'dpp-prod.db.example.com',
      29,
      'C',
      'Recovery target (host or project): "dpp-prod.db.example.com" refers to production ("prod"): the target of the drill must be another database',
    ),
    blank('tenantCount', 32, 'D', 'Tenant count'),
    answer('item D: a placeholder', 'tenantCount', 'TODO', 32, 'D', 'Tenant count: "TODO" is a placeholder: write what you saw'),
    blank('apiKeyCount', 33, 'D', 'API-key count'),
    blank('billingEvents', 34, 'D', 'Billing events spot check'),
    blank('webhookDedup', 35, 'D', 'Webhook dedup by status'),
    blank('notProduction', 36, 'D', 'Proof that this is not the production database'),
    blank('screenshots', 39, 'E', 'File names, separated by commas'),
    answer(
      'item E: a screenshot that is not there',
      'screenshots',
      'restore-02.png',
      39,
      'E',
      `File names, separated by commas: restore-02.png is not in ${SCREENSHOTS}/, or is empty`,
    ),
    blank('duration', 42, 'F', 'Duration of the restore in minutes'),
    blank('cleanUp', 45, 'G', 'Restored database deleted afterwards ("yes", or why not)'),
    blank('signer', 48, 'H', 'Name of the human who did this'),
    answer(
      'item H: no human',
      'signer',
      'release bot',
      48,
      'H',
      'Name of the human who did this: "release bot" is not the name of a human',
    ),
    blank('signedOn', 49, 'H', 'Date (UTC, YYYY-MM-DD)'),
    form(
      'two lines in another order',
      replaced(/(\[x\] Tenant count.*\n)(\[x\] API-key count.*\n)/, '$2$1'),
      finding(33, 'D', 'this line is out of its order: it belongs into item D'),
    ),
    form(
      'a line is deleted',
      replaced(/\[x\] Duration.*\n/, ''),
      finding(41, 'F', 'the line "[ ] Duration of the restore in minutes" is missing'),
    ),
    form(
      'a heading is altered',
      replaced('C. Recovery target (not production)', 'C. Recovery target'),
      finding(28, 'C', 'the heading was altered: it must be "C. Recovery target (not production)"'),
    ),
    form(
      'of another run',
      replaced(/^Run ID: .*$/m, 'Run ID: 20260101T000000Z'),
      `${FORM}:3  header  the run id is "20260101T000000Z"`,
      "use this run's own file",
    ),
    {
      ...form(
        'a secret in it',
        replaced('Tenant count: ', `Tenant count: seen with ${SECRET} `),
        finding(32, 'secret', 'a secret ('),
        'remove it, and make it invalid where it is used',
      ),
      hides: SECRET,
    },
    form('empty', () => '', finding(1, 'header', 'the line "Run ID: ')),
    form(
      'binary',
      () => randomBytes(900_000),
      'the line has a control character, or bytes that are not UTF-8: retype it',
      ' more; all of them: --json',
    ),
    instead(FORM, 'checkpoint', '50 MB', (path) => writeFile(path, Buffer.alloc(50 * 2 ** 20)), [
      `${FORM}  file  The evidence file has more than 1048576 bytes`,
      'find out why it has grown',
    ]),
    instead(FORM, 'checkpoint', 'deleted', () => undefined, [`${FORM}  file  There is no such evidence file`]),
    instead(FORM, 'checkpoint', 'a directory', (path) => mkdir(path), [`${FORM}  file  Evidence must be a regular file`]),
    instead(FORM, 'checkpoint', 'a symbolic link', (path, kept) => symlink(kept, path), [
      `${FORM}  file  Evidence must be a regular file, this is a symbolic link`,
      'Replace it by a copy of its content',
    ]),
    instead(IMAGE, 'screenshot', 'deleted', () => undefined, [finding(39, 'E', NO_IMAGE)]),
    instead(IMAGE, 'screenshot', 'empty', (path) => writeFile(path, ''), [finding(39, 'E', NO_IMAGE)]),
    instead(IMAGE, 'screenshot', 'a page that says it is a PNG', (path) => writeFile(path, '<html>'), [
      `${IMAGE}  E  neither PNG, JPEG, WebP nor PDF, by its first bytes: put the picture itself here, or take the file away`,
    ]),
    instead(IMAGE, 'screenshot', 'a symbolic link', (path, kept) => symlink(kept, path), [
      `${IMAGE}  file  Evidence must be a regular file, this is a symbolic link`,
      'Replace it by a copy of its content',
    ]),
    {
      what: 'screenshot',
      how: 'one that the form does not name',
      inject: async (pilot) => pilot.write(await pilot.evidenceFile(`${SCREENSHOTS}/second.png`), '%PDF-1.7'),
      mend: async (pilot) => rm(await pilot.evidenceFile(`${SCREENSHOTS}/second.png`)),
      exitCode: 2,
      says: [finding(39, 'E', `File names, separated by commas: ${SCREENSHOTS}/second.png is there, but not named`)],
    },
    instead(SCREENSHOTS, 'screenshots', 'the folder is deleted', () => undefined, [finding(39, 'E', NO_IMAGE)]),
    instead(SCREENSHOTS, 'screenshots', 'the folder is a file', (path) => writeFile(path, ''), [SCREENSHOTS]),
    instead(SCREENSHOTS, 'screenshots', 'the folder is a symbolic link', (path, kept) => symlink(kept, path), [
      `${SCREENSHOTS}  file  Evidence must be a regular file, this is a symbolic link`,
      'Replace it by a copy of its content',
    ]),
    // The last one: what it is mended to has other line ends.
    {
      ...form('saved as UTF-16', utf16, finding(1, 'header', 'the line has a control character, or bytes that are not UTF-8')),
      mend: async (pilot) => {
        const text = await readFile(join(pilot.directory, 'kept'), 'utf8');
        await pilot.write(await pilot.evidenceFile(FORM), `\uFEFF${text.replaceAll('\n', '\r\n')}`);
      },
    },
  ],
};
