import { randomBytes } from 'node:crypto';
import { appendFileSync, existsSync, watch } from 'node:fs';
import { chmod, copyFile, mkdir, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Command, FaultCase, FaultGroup } from '../fault-case.js';
import type { FaultPilot } from '../fault-pilot.js';
import { archiveFault, ERRORS } from '../s3-faults.js';

const MiB = 1024 * 1024;
const ROOT = 'dpp/evidence';
const RUNNER = 'dpp/tools/rc_double_then_ci_then_archive.sh';
const MISSING = 'the file is missing: restore it, or have its step replayed';
const CHANGED = 'the file is not what its step left behind';
const GATES = '30_rc_gates.txt';
const SCREENSHOT = '56_db_restore_screenshots/restore-01.png';
const FORM = '55_db_rollback_human_checkpoint.txt';
const ARCHIVE = 'evidence.tar.gz';
const ROOM = 'Check permissions and free space.';
const SEAL: Command = { args: ['run', '--seal-only'], exitCode: 0 };
const RESUME: Command = { args: ['resume', 'latest'], exitCode: 2 };
const SIGN_OFF: Command = { args: ['sign-off', 'latest', '--as', 'verifier@example.com'], exitCode: 0 };

async function commitRunner(pilot: FaultPilot, body: string): Promise<void> {
  await pilot.write(RUNNER, `#!/bin/sh\n${body}\n`);
  await pilot.git('commit', '--quiet', '--all', '--message', 'a change of the RC runner');
}

export const DISK: FaultGroup = {
  title: 'The disk, while a run is made',
  stage: 'run',
  cases: [
    {
      what: GATES,
      how: 'the disk is full before the RC runner has said all',
      inject: async (pilot) => {
        await commitRunner(pilot, `yes "[RC-1] PASS" | head -c ${10 * MiB}`);
        pilot.limitFileSize(8 * 1024);
      },
      says: [`WRITE_FAILED: Evidence could not be written (EFBIG): "${GATES}"`, ROOM],
    },
    {
      what: `${ROOT}/`,
      how: 'may not be written',
      inject: async (pilot) => {
        await mkdir(join(pilot.repository, ROOT), { mode: 0o555 });
        pilot.bindByPermissions();
      },
      mend: (pilot) => chmod(join(pilot.repository, ROOT), 0o755),
      goesOn: [RESUME],
      says: ['Evidence could not be written (EACCES): ', ROOM],
    },
    {
      what: `${ROOT}/`,
      how: 'is a file',
      inject: (pilot) => pilot.write(ROOT, ''),
      mend: (pilot) => rm(join(pilot.repository, ROOT)),
      goesOn: [RESUME],
      says: ['Evidence must be a regular file', '/dpp/evidence/phase6_4_cutover/'],
    },
    {
      what: '`TMPDIR`',
      how: 'is not there, and a script of the repository needs a kubeconfig in it',
      inject: (pilot) => {
        pilot.setVariable('CUTOVER_STAGING_DRY_RUN_SCRIPT', RUNNER);
        pilot.setVariable('TMPDIR', '/nonexistent');
      },
      says: ['No directory could be made below /nonexistent (ENOENT).', 'Set TMPDIR to a directory that you may write'],
    },
    {
      what: '`TMPDIR`',
      how: 'is not there',
      args: ['preflight'],
      inject: (pilot) => pilot.setVariable('TMPDIR', '/nonexistent'),
      says: ['No directory could be made below /nonexistent (ENOENT).', 'Set TMPDIR to a directory that you may write'],
      goesOn: [{ args: ['preflight'], exitCode: 0 }],
    },
  ],
};

/** A file that the steps left behind is another one at the gate. */
function atTheGate(file: string, how: string, damage: (path: string) => unknown, finding: string, where = file): FaultCase {
  return {
    what: file,
    how,
    inject: async (pilot) => {
      const path = await pilot.evidenceFile(file);
      await copyFile(path, keptOf(pilot));
      await damage(path);
    },
    mend: async (pilot) => {
      const path = await pilot.evidenceFile(file);
      await rm(path, { force: true });
      await copyFile(keptOf(pilot), path);
    },
    exitCode: 2,
    says: [where, finding],
  };
}

function keptOf({ directory }: FaultPilot): string {
  return join(directory, 'kept');
}

function asideOf({ directory }: FaultPilot): string {
  return join(directory, 'aside');
}

async function runDirectory(pilot: FaultPilot): Promise<string> {
  return dirname(await pilot.evidenceFile('any'));
}

/** Every file is where it was, but the directory itself is not. */
async function moveAside(pilot: FaultPilot): Promise<string> {
  const directory = await runDirectory(pilot);
  await rename(directory, asideOf(pilot));
  return directory;
}

async function moveBack(pilot: FaultPilot): Promise<void> {
  const directory = await runDirectory(pilot);
  await rm(directory, { recursive: true });
  await rename(asideOf(pilot), directory);
}

/** Random, so that it takes a while and a lot of room in the archive; it is the first there but for the scope. */
async function largeFile(pilot: FaultPilot, bytes: number): Promise<void> {
  await pilot.write(await pilot.evidenceFile('01_notes.bin'), randomBytes(bytes));
}

/** As soon as the archive is begun, and while the large file goes into it. */
async function whileArchived(pilot: FaultPilot, file: string, change: (path: string) => void): Promise<void> {
  await largeFile(pilot, 16 * MiB);
  const path = await pilot.evidenceFile(file);
  const begun = `${ARCHIVE}.partial`;
  const watcher = watch(await runDirectory(pilot), () => {
    if (!existsSync(join(dirname(path), begun))) return;
    watcher.close();
    change(path);
  });
}

/** A part was refused, after it was recorded that the upload was begun: the archive's digest is fixed from then on. */
async function untilUpload(pilot: FaultPilot): Promise<void> {
  archiveFault('UploadPart', { error: ERRORS['403 AccessDenied'] })(pilot);
  const { exitCode } = await pilot.cutover(SEAL.args);
  if (exitCode !== 1) throw new Error(`a refused part ended with exit code ${exitCode}`);
}

export const DISK_AT_THE_PAUSE: FaultGroup = {
  title: 'The disk, at the pause',
  stage: 'seal',
  cases: [
    atTheGate(GATES, 'is gone', (path) => rm(path), MISSING),
    atTheGate('40_staging_dry_run.txt', 'is cut off', (path) => truncate(path, 10), CHANGED),
    atTheGate('50_rollback_drill.txt', 'has one more line', (path) => appendFileSync(path, 'PASS\n'), CHANGED),
    atTheGate(
      '10_preflight.json',
      'is a link to a copy',
      async (path) => {
        await rename(path, `${path}.copy`);
        await symlink(`${path}.copy`, path);
      },
      'Evidence must be a regular file, this is a symbolic link',
    ),
    atTheGate(
      SCREENSHOT,
      'is gone',
      (path) => rm(path),
      'restore-01.png is not in 56_db_restore_screenshots/, or is empty',
      FORM,
    ),
    {
      what: 'evidence directory of the run',
      how: 'is replaced by a link to it',
      inject: async (pilot) => symlink(asideOf(pilot), await moveAside(pilot)),
      mend: moveBack,
      exitCode: 2,
      says: [
        'The evidence of a run must be in a real directory, this is a symbolic link',
        'Put the directory itself in its place.',
      ],
    },
    {
      what: 'evidence directory of the run',
      how: 'is gone',
      inject: async (pilot) => void (await moveAside(pilot)),
      mend: moveBack,
      exitCode: 2,
      says: [MISSING, FORM],
    },
    {
      what: 'evidence directory of the run',
      how: 'may not be written',
      inject: async (pilot) => {
        await chmod(await runDirectory(pilot), 0o555);
        pilot.bindByPermissions();
      },
      mend: async (pilot) => chmod(await runDirectory(pilot), 0o755),
      says: ['WRITE_FAILED: Evidence could not be written (EACCES): "57_secret_scan.json"', ROOM],
    },
  ],
};

export const DISK_WHILE_SEALING: FaultGroup = {
  title: 'The disk, while the evidence is sealed',
  stage: 'seal',
  cases: [
    {
      what: ARCHIVE,
      how: 'the disk is full before all of it is written',
      inject: async (pilot) => {
        await largeFile(pilot, 8 * MiB);
        pilot.limitFileSize(6 * 1024);
      },
      says: [`WRITE_FAILED: Evidence could not be written (EFBIG): "${ARCHIVE}"`, ROOM],
    },
    {
      what: GATES,
      how: 'is edited between the sign-off and the sealing',
      inject: async (pilot) => {
        const { exitCode } = await pilot.cutover(SIGN_OFF.args);
        if (exitCode !== 0) throw new Error(`the sign-off ended with exit code ${exitCode}`);
        const path = await pilot.evidenceFile(GATES);
        await copyFile(path, keptOf(pilot));
        await writeFile(path, 'All RC gates passed.\n');
      },
      mend: async (pilot) => copyFile(keptOf(pilot), await pilot.evidenceFile(GATES)),
      exitCode: 2,
      says: [`SIGN_OFF_INVALIDATED: The evidence is not what was signed: ${GATES} (changed).`, 'cutover sign-off '],
      goesOn: [SIGN_OFF, SEAL],
    },
    {
      what: GATES,
      how: 'is edited while it is archived',
      inject: async (pilot) => {
        await copyFile(await pilot.evidenceFile(GATES), keptOf(pilot));
        await whileArchived(pilot, GATES, (path) => appendFileSync(path, 'one line more\n'));
      },
      mend: async (pilot) => copyFile(keptOf(pilot), await pilot.evidenceFile(GATES)),
      exitCode: 2,
      says: [
        `SIGN_OFF_INVALIDATED: The evidence is not what was signed: ${GATES} (changed while it was archived).`,
        'cutover sign-off ',
      ],
      goesOn: [SIGN_OFF, SEAL],
    },
    {
      what: 'evidence that is not signed',
      how: 'is written to while it is archived',
      inject: async (pilot) => {
        await pilot.write(await pilot.evidenceFile('zz.log'), 'one line\n');
        await whileArchived(pilot, 'zz.log', (path) => appendFileSync(path, 'one line more\n'));
      },
      says: [
        'EVIDENCE_CHANGED: An evidence file changed while it was archived: "zz.log".',
        'Find out who writes to it, then seal again.',
      ],
    },
    {
      what: ARCHIVE,
      how: 'is lost before it is uploaded: it is made again, with the recorded digest',
      inject: async (pilot) => {
        await untilUpload(pilot);
        await rm(await pilot.evidenceFile(ARCHIVE));
      },
      exitCode: 0,
      says: ['Upload complete — VersionId='],
    },
    {
      what: ARCHIVE,
      how: 'is edited before it is uploaded: it is kept aside, and made again with the recorded digest',
      inject: async (pilot) => {
        await untilUpload(pilot);
        appendFileSync(await pilot.evidenceFile(ARCHIVE), 'x');
      },
      exitCode: 0,
      says: ['Upload complete — VersionId='],
    },
    {
      what: ARCHIVE,
      how: 'is lost before it is uploaded, and the evidence is not the same any more',
      inject: async (pilot) => {
        await untilUpload(pilot);
        await rm(await pilot.evidenceFile(ARCHIVE));
        await pilot.write(await pilot.evidenceFile('notes.txt'), 'written later\n');
      },
      mend: async (pilot) => rm(await pilot.evidenceFile('notes.txt')),
      says: [
        `ARCHIVE_CHANGED: ${ARCHIVE} in `,
        'Find out what changed it or the evidence, restore that, then: cutover retry <run>',
      ],
    },
  ],
};
