import { loaded, type LoadedCommand } from './command.js';

/** A command by its name. Its file is loaded when it is called. */
export interface CatalogueEntry {
  readonly name: string;
  readonly summary: string;
  readonly group: string;
  load(): Promise<LoadedCommand>;
}

const DRIVE = 'Drive a run:';
const DECIDE = 'Decide about a run:';
const READ = 'Read (nothing is changed):';
const CARE = 'Care:';

/** Every command, in the order of the help. */
export const CATALOGUE: readonly CatalogueEntry[] = [
  {
    name: 'start',
    group: DRIVE,
    summary: 'preflight, steps 0-3, then the human pause',
    load: async () => loaded((await import('./commands/start.js')).start),
  },
  {
    name: 'resume',
    group: DRIVE,
    summary: 'go on from wherever a run stopped',
    load: async () => loaded((await import('./commands/resume.js')).resume),
  },
  {
    name: 'run',
    group: DRIVE,
    summary: 'the runbook, word for word; --seal-only for its second part',
    load: async () => loaded((await import('./commands/run.js')).run),
  },
  {
    name: 'sign-off',
    group: DECIDE,
    summary: 'the human gate: sign the DB restore verification, or reject it',
    load: async () => loaded((await import('./commands/sign-off.js')).signOff),
  },
  {
    name: 'claim',
    group: DECIDE,
    summary: 'take the human gate upon you, so that nobody else verifies it, too',
    load: async () => loaded((await import('./commands/claim.js')).claim),
  },
  {
    name: 'release',
    group: DECIDE,
    summary: 'give a claimed human gate back',
    load: async () => loaded((await import('./commands/release.js')).release),
  },
  {
    name: 'retry',
    group: DECIDE,
    summary: 'operator: sealing again after a fixed problem; the scan of a step again',
    load: async () => loaded((await import('./commands/retry.js')).retry),
  },
  {
    name: 'replay',
    group: DECIDE,
    summary: 'supervisor: the failed step again, or all from an earlier one',
    load: async () => loaded((await import('./commands/replay.js')).replay),
  },
  {
    name: 'override',
    group: DECIDE,
    summary: 'supervisor: a failed gate judged again in the same run',
    load: async () => loaded((await import('./commands/override.js')).override),
  },
  {
    name: 'accept-finding',
    group: DECIDE,
    summary: 'supervisor: what the secret scan found is no secret',
    load: async () => loaded((await import('./commands/accept-finding.js')).acceptFinding),
  },
  {
    name: 'abandon',
    group: DECIDE,
    summary: 'end a run for good; staging is restored first',
    load: async () => loaded((await import('./commands/abandon.js')).abandon),
  },
  {
    name: 'break-lease',
    group: DECIDE,
    summary: 'supervisor: take a run from a driver that hangs',
    load: async () => loaded((await import('./commands/break-lease.js')).breakLease),
  },
  {
    name: 'seal',
    group: DECIDE,
    summary: 'seal a run that ended without PASS as evidence of that',
    load: async () => loaded((await import('./commands/seal.js')).seal),
  },
  {
    name: 'list',
    group: READ,
    summary: 'the runs, newest first',
    load: async () => loaded((await import('./commands/list.js')).list),
  },
  {
    name: 'status',
    group: READ,
    summary: 'one run: its steps, and who does what next',
    load: async () => loaded((await import('./commands/status.js')).status),
  },
  {
    name: 'history',
    group: READ,
    summary: 'every transition of a run',
    load: async () => loaded((await import('./commands/history.js')).history),
  },
  {
    name: 'logs',
    group: READ,
    summary: 'the evidence that an attempt wrote',
    load: async () => loaded((await import('./commands/logs.js')).logs),
  },
  {
    name: 'verify',
    group: READ,
    summary: 'whether sealed evidence is what was sealed, offline; also a directory or an archive',
    load: async () => loaded((await import('./commands/verify.js')).verify),
  },
  {
    name: 'export',
    group: READ,
    summary: 'what an auditor needs of a run, as one file; --population: every run there ever was',
    load: async () => loaded((await import('./commands/export.js')).exportCommand),
  },
  {
    name: 'watch',
    group: READ,
    summary: 'follow a run until it rests',
    load: async () => loaded((await import('./commands/watch.js')).watch),
  },
  {
    name: 'preflight',
    group: READ,
    summary: 'the pre-conditions alone, without a run',
    load: async () => loaded((await import('./commands/preflight.js')).preflight),
  },
  {
    name: 'graph',
    group: READ,
    summary: 'the states and events, drawn from the machine itself',
    load: async () => loaded((await import('./commands/graph.js')).graph),
  },
  {
    name: 'explain',
    group: READ,
    summary: 'why a run stands where it stands; what a step does; what an error code means',
    load: async () => loaded((await import('./commands/explain.js')).explain),
  },
  {
    name: 'config',
    group: READ,
    summary: 'every setting, its value, and where that is from: cutover config show',
    load: async () => loaded((await import('./commands/config.js')).config),
  },
  {
    name: 'notify',
    group: CARE,
    summary: 'for a timer: remind, close gates that have expired, deliver messages',
    load: async () => loaded((await import('./commands/notify.js')).notify),
  },
  {
    name: 'doctor',
    group: CARE,
    summary: 'check tools, disk, database and evidence; --site: permissions and clocks',
    load: async () => loaded((await import('./commands/doctor.js')).doctor),
  },
  {
    name: 'backup',
    group: CARE,
    summary: 'copy the database while it is in use',
    load: async () => loaded((await import('./commands/backup.js')).backup),
  },
  {
    name: 'completion',
    group: CARE,
    summary: 'completion for bash, zsh or fish',
    load: async () => loaded((await import('./commands/completion.js')).completion),
  },
];
