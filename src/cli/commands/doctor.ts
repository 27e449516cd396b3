import { dirname } from 'node:path';
import type { RunRequest } from '../../config/settings.js';
import { defineSite, parseRequest } from '../begin-run.js';
import { flag, type CommandFile, type CommonOptions } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { databaseChecks } from '../health/database.js';
import { evidenceRootCheck, privacyChecks } from '../health/directories.js';
import { notChecked, type HealthFinding } from '../health/finding.js';
import { receiverChecks } from '../health/outbox.js';
import type { Io } from '../io.js';
import { oneLine, table } from '../table.js';

export interface DoctorOptions {
  readonly site: boolean;
  readonly request: RunRequest;
}

/**
 * Everything that a run will need later and that can be looked at now, without changing anything: the machine (a machine that only
 * keeps a database is healthy too), and with --site what AWS, the cluster and staging grant.
 */
export const doctor: CommandFile<DoctorOptions> = {
  define(command) {
    command.option('--site', 'also AWS, the cluster and staging: permissions, and whose clock is right');
    defineSite(command);
  },
  examples: ['cutover doctor', 'cutover doctor --site', 'cutover doctor --db /backup/cutover.db', 'cutover doctor --json'],
  parse: async (_args, raw, io) => ({ site: flag(raw, 'site'), request: await parseRequest(raw, io) }),
  async run(options, io) {
    const findings = await look(options, io);
    const ok = findings.every((finding) => finding.ok !== false);
    if (options.json) io.stdout.write(`${JSON.stringify({ ok, findings })}\n`);
    else io.stdout.write(`${shown(findings, options).join('\n')}\n`);
    return ok ? EXIT.ok : EXIT.failed;
  },
};

/** Each fault is a finding; none ends the others. */
async function look(options: DoctorOptions & CommonOptions, io: Io): Promise<HealthFinding[]> {
  const { db, request, site } = options;
  const { diskChecks, toolChecks } = await import('../health/machine.js');
  return [
    ...(await toolChecks(io)),
    ...(await diskChecks([dirname(db), request.evidenceRoot])),
    evidenceRootCheck(request.evidenceRoot),
    ...privacyChecks(db),
    ...(await databaseChecks(options, io, request.evidenceRoot)),
    ...receiverChecks(io.env),
    ...(site ? await lookAtSite(request, io) : [SITE_NOT_CHECKED]),
  ];
}

const SITE_NOT_CHECKED = notChecked('site', 'cutover doctor --site asks AWS, the cluster and staging (permissions, clocks)');

async function lookAtSite(request: RunRequest, io: Io): Promise<HealthFinding[]> {
  const { siteChecks } = await import('../health/site.js');
  return siteChecks(request, io);
}

function shown(findings: readonly HealthFinding[], { palette }: CommonOptions): string[] {
  const result = (ok: boolean | null) => (ok === null ? '-' : ok ? palette.green('ok') : palette.red('FAULT'));
  return table([['RESULT', 'WHAT', 'FOUND'], ...findings.map(({ ok, what, found }) => [result(ok), what, oneLine(found)])]);
}
