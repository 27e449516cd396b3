import { cp, rename, rm, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Command, FaultCase, FaultGroup } from '../fault-case.js';
import type { FaultPilot } from '../fault-pilot.js';

/** Each command that takes a run, with what else it needs. */
const COMMANDS: readonly (readonly string[])[] = [
  ['status'],
  ['logs'],
  ['history'],
  ['watch'],
  ['resume'],
  ['retry'],
  ['sign-off', '--as', 'verifier@example.com'],
  ['replay', '--reason', 'again'],
  ['abandon', '--reason', 'postponed'],
  ['seal', '--verdict', 'FAIL', '--reason', 'kept'],
];
const STILL_WAITING: readonly Command[] = [{ args: ['status', '<run>'], exitCode: 0, says: 'awaitingDbVerification' }];

/** A run that is named so that it is none: nothing is done to any run. */
function named(
  how: string,
  args: readonly string[],
  says: FaultCase['says'],
  inject: FaultCase['inject'] = () => undefined,
): FaultCase {
  return { what: 'the run', how, inject, args, exitCode: 64, says, archives: 0, goesOn: STILL_WAITING };
}

function withRun([command = '', ...options]: readonly string[], run: string): readonly string[] {
  return [command, run, ...options];
}

function unknown(run: string, args: readonly string[]): FaultCase {
  return named(run === '' ? 'empty' : `\`${run}\``, withRun(args, run), [
    run === '' ? 'The run is "", which names none' : `No run begins with "${run}"`,
    'cutover list',
  ]);
}

/** A second run, which fails in its preflight and leaves the first one waiting. */
async function secondRun(pilot: FaultPilot): Promise<void> {
  pilot.setVariable('DPP_WORM_BUCKET', '');
  await pilot.cutover(['run']);
  pilot.setVariable('DPP_WORM_BUCKET', undefined);
}

function evidenceDir(how: string, inject: FaultCase['inject'], mend: FaultCase['mend'] & {}, says: FaultCase['says']): FaultCase {
  return { what: '`EVIDENCE_DIR`', how, inject, mend, exitCode: 64, says, archives: 0, goesOn: STILL_WAITING };
}

const NO_RUN = 'has that directory. See which there are: cutover list; look in another one: --db FILE';

/** The run has ended: what is asked of it is refused, with what it is. */
function ended(how: string, end: readonly string[], args: readonly string[], says: FaultCase['says'], archives = 0): FaultCase {
  return {
    what: 'the run',
    how,
    inject: async (pilot) => {
      const run = basename((await pilot.runDirectory()) ?? '');
      await pilot.cutover(end.map((word) => word.replace('<run>', run)));
    },
    args,
    says,
    archives,
    goesOn: [{ args: ['status', '<run>'], exitCode: 0, says: how }],
  };
}

const completed = (args: readonly string[], ...says: FaultCase['says']) =>
  ended('completed', ['run', '--seal-only'], withRun(args, '<run>'), says, 1);
const abandoned = (args: readonly string[], ...says: FaultCase['says']) =>
  ended('abandoned', ['abandon', '<run>', '--reason', 'postponed'], withRun(args, '<run>'), says);

export const IDENTIFIERS: FaultGroup = {
  title: 'Which run is meant',
  stage: 'gate',
  cases: [
    ...COMMANDS.map((args) => unknown('20200101T000000Z', args)),
    ...['../x', '%', 'LATEST', ''].map((run) => unknown(run, ['resume'])),
    unknown('', ['abandon', '--reason', 'postponed']),
    named('two of them', ['resume', '<run>', 'latest'], ['too many arguments', 'cutover <command> --help']),
    evidenceDir(
      'unset',
      (pilot) => pilot.setVariable('EVIDENCE_DIR', undefined),
      () => undefined,
      [
        'EVIDENCE_DIR is not set',
        'Give the directory of the run: EVIDENCE_DIR=dpp/evidence/phase6_4_cutover/<run> cutover run --seal-only',
      ],
    ),
    evidenceDir(
      'empty',
      (pilot) => pilot.setVariable('EVIDENCE_DIR', ''),
      () => undefined,
      ['EVIDENCE_DIR is not set', 'Give the directory of the run'],
    ),
    evidenceDir(
      'of no run',
      (pilot) => pilot.setVariable('EVIDENCE_DIR', 'dpp/evidence/phase6_4_cutover'),
      () => undefined,
      ['EVIDENCE_DIR is "dpp/evidence/phase6_4_cutover"', NO_RUN],
    ),
    evidenceDir(
      'outside',
      (pilot) => pilot.setVariable('EVIDENCE_DIR', '../../etc'),
      () => undefined,
      ['EVIDENCE_DIR is "../../etc"', NO_RUN],
    ),
    evidenceDir(
      'a copy of the evidence',
      async (pilot) => {
        const copy = join(pilot.directory, 'copy');
        await cp((await pilot.runDirectory()) ?? '', copy, { recursive: true });
        pilot.setVariable('EVIDENCE_DIR', copy);
      },
      (pilot) => rm(join(pilot.directory, 'copy'), { recursive: true }),
      ['EVIDENCE_DIR is "', NO_RUN],
    ),
    evidenceDir(
      'a symbolic link',
      async (pilot) => {
        const link = join(pilot.directory, 'link');
        await symlink((await pilot.runDirectory()) ?? '', link);
        pilot.setVariable('EVIDENCE_DIR', link);
      },
      (pilot) => rm(join(pilot.directory, 'link')),
      ['EVIDENCE_DIR is "', NO_RUN],
    ),
  ],
};

export const MORE_RUNS: FaultGroup = {
  title: 'Which run is meant: of two, and of one that has ended',
  stage: 'seal',
  cases: [
    named(
      'the beginning of two',
      ['abandon', '20', '--reason', 'postponed'],
      ['"20" is the beginning of more than one run: ', 'Give more of the id'],
      secondRun,
    ),
    completed(
      ['sign-off', '--as', 'verifier@example.com'],
      'is in completed',
      'only a run that waits for the DB restore verification',
    ),
    completed(['replay', '--reason', 'again'], 'cannot be replayed: it is in completed', 'only a failed or waiting run can'),
    completed(['retry'], 'is in completed: only a run that failed while it was sealed, or at the scan of a step, is retried'),
    completed(['abandon', '--reason', 'postponed'], 'completed'),
    completed(['seal', '--verdict', 'FAIL', '--reason', 'kept'], 'is in completed: only one that failed or ended without PASS'),
    abandoned(['resume'], 'abandoned'),
    abandoned(['sign-off', '--as', 'verifier@example.com'], 'is in abandoned'),
    abandoned(['replay', '--reason', 'again'], 'cannot be replayed: it is in abandoned'),
    {
      what: 'evidence directory',
      how: 'moved away',
      inject: async (pilot) => rename((await pilot.runDirectory()) ?? '', join(pilot.directory, 'moved')),
      args: ['resume', '<run>'],
      mend: async (pilot) => {
        const directory = (await pilot.runDirectory()) ?? '';
        await rm(directory, { recursive: true });
        await rename(join(pilot.directory, 'moved'), directory);
      },
      exitCode: 2,
      says: ['00_scope.txt  missing', 'restore it, or have its step replayed'],
    },
  ],
};
