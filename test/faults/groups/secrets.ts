import { appendFile, mkdir, rm, stat, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { FaultCase, FaultGroup } from '../fault-case.js';
import type { FaultPilot } from '../fault-pilot.js';

const SCREENSHOTS = '56_db_restore_screenshots';
const FORM = '55_db_rollback_human_checkpoint.txt';
/** In two parts, so that no scanner takes this file for one that holds them. */
const KEY_ID = 'AKIA' + 'PILOTPLACEHOLDER';
const GITHUB = 'ghp_' + 'PilotPlaceholder'.repeat(3);
const JWT = ['eyJhbGciOiJub25lIn0', 'eyJyb2xlIjoicGlsb3QifQ', 'cGxhY2Vob2xkZXI'].join('.');
const KEY_BLOCK = ['-----BEGIN PRIVATE ', 'KEY-----\n'].join('') + 'cGxhY2Vob2xkZXI'.repeat(4) + '\n-----END PRIVATE KEY-----\n';
const PASSWORD = 'pilot-placeholder-pw';
const REMOVE = 'remove it, and make it invalid where it is used';

/** What the verifier signs: the gate finds it, and stays shut (exit code 2). */
function atTheGate(
  fault: Omit<FaultCase, 'says' | 'exitCode'> & { readonly hides: string },
  file: string,
  finding: string,
): FaultCase {
  return { ...fault, exitCode: 2, says: [file, finding, REMOVE] };
}

/** What nobody signs: the scan before the archive finds it. */
function beforeTheArchive(how: string, name: string, text: string, hides: string, place: string): FaultCase {
  return {
    what: 'evidence that is not signed',
    how,
    inject: (pilot) => add(pilot, name, text),
    mend: (pilot) => remove(pilot, name),
    hides,
    says: [`SECRET_FOUND: A secret is in the evidence, in ${place}.`, 'Revoke each secret, remove it from the file or its name'],
  };
}

async function add(pilot: FaultPilot, name: string, content: string): Promise<void> {
  const file = await pilot.evidenceFile(name);
  await mkdir(dirname(file), { recursive: true });
  await pilot.write(file, content);
}

async function remove(pilot: FaultPilot, name: string): Promise<void> {
  const [folder = name] = name.split('/');
  await rm(await pilot.evidenceFile(folder === SCREENSHOTS ? name : folder), { recursive: true });
}

/** By so many bytes, from the end. */
async function shorten(file: string, bytes: number): Promise<void> {
  await truncate(file, (await stat(file)).size - bytes);
}

export const SECRETS: FaultGroup = {
  title: 'AC5: a secret in the evidence',
  stage: 'seal',
  cases: [
    atTheGate(
      {
        what: 'checkpoint',
        how: 'a password in the recovery target',
        inject: (pilot) => pilot.edit(FORM, 'host or project): ', `host or project): postgres://dpp:${PASSWORD}@`),
        mend: (pilot) => pilot.edit(FORM, `postgres://dpp:${PASSWORD}@`, ''),
        hides: PASSWORD,
      },
      `${FORM}:`,
      'a secret (url-password)',
    ),
    atTheGate(
      {
        what: 'text beside the screenshots',
        how: 'a password on its second line',
        inject: async (pilot) => {
          await add(pilot, `${SCREENSHOTS}/psql.txt`, `$ psql\nPGPASSWORD=${PASSWORD}\n`);
          await pilot.edit(FORM, 'restore-01.png', 'restore-01.png, psql.txt');
        },
        mend: async (pilot) => {
          await remove(pilot, `${SCREENSHOTS}/psql.txt`);
          await pilot.edit(FORM, 'restore-01.png, psql.txt', 'restore-01.png');
        },
        hides: PASSWORD,
      },
      `${SCREENSHOTS}/psql.txt:2`,
      'a secret (password)',
    ),
    atTheGate(
      {
        what: 'screenshot',
        how: 'an access key id among its bytes',
        inject: async (pilot) => appendFile(await pilot.evidenceFile(`${SCREENSHOTS}/restore-01.png`), `\n${KEY_ID}\n`),
        mend: async (pilot) => shorten(await pilot.evidenceFile(`${SCREENSHOTS}/restore-01.png`), KEY_ID.length + 2),
        hides: KEY_ID,
      },
      `${SCREENSHOTS}/restore-01.png:`,
      'a secret (aws-access-key-id)',
    ),
    atTheGate(
      {
        what: 'screenshot',
        how: 'an access key id in its name',
        inject: (pilot) => add(pilot, `${SCREENSHOTS}/${KEY_ID}.png`, 'a picture'),
        mend: (pilot) => remove(pilot, `${SCREENSHOTS}/${KEY_ID}.png`),
        hides: KEY_ID,
      },
      `${SCREENSHOTS}/[REDACTED:aws-access-key-id].png`,
      'a secret (aws-access-key-id) in its name',
    ),
    beforeTheArchive('a GitHub token', 'notes.txt', `first line\n${GITHUB}\n`, GITHUB, 'notes.txt:2 (github-token)'),
    beforeTheArchive(
      'a private key over several lines',
      'notes/key.pem',
      KEY_BLOCK,
      KEY_BLOCK.split('\n')[1] ?? '',
      'notes/key.pem:1 (private-key)',
    ),
    beforeTheArchive('a JWT', 'notes/session.txt', `session ${JWT}\n`, JWT, 'notes/session.txt:1 (jwt)'),
    beforeTheArchive(
      'an access key id in its name',
      `${KEY_ID}.txt`,
      'nothing',
      KEY_ID,
      'the name of [REDACTED:aws-access-key-id].txt (aws-access-key-id)',
    ),
    {
      what: 'evidence that is not signed',
      how: 'the value of a variable that is secret by its name (PILOT_API_TOKEN)',
      inject: async (pilot) => {
        pilot.setVariable('PILOT_API_TOKEN', PASSWORD);
        await add(pilot, 'notes.txt', `it was ${PASSWORD}\n`);
      },
      mend: (pilot) => remove(pilot, 'notes.txt'),
      hides: PASSWORD,
      says: ['SECRET_FOUND: A secret is in the evidence, in notes.txt:1 (env-PILOT_API_TOKEN).', 'Revoke each secret'],
    },
    {
      what: 'log of an upload',
      how: 'a password in a file that is to be locked beside the archive',
      inject: (pilot) => add(pilot, '70_worm_upload_stdout.by-hand.txt', `password=${PASSWORD}\n`),
      mend: (pilot) => remove(pilot, '70_worm_upload_stdout.by-hand.txt'),
      hides: PASSWORD,
      says: [
        'Result summary FAILED — SECRET_FOUND: A secret is in the evidence, in 70_worm_upload_stdout.by-hand.txt:1 (password).',
        'Revoke each secret',
      ],
    },
  ],
};
