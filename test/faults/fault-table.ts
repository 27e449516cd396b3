import type { Command, FaultCase, FaultGroup, Stage } from './fault-case.js';
import { AWS } from './groups/aws.js';
import { BESIDE_ARCHIVE } from './groups/beside-archive.js';
import { BUCKET } from './groups/bucket.js';
import { DATABASE, DATABASE_ACCESS } from './groups/database.js';
import { DISK, DISK_AT_THE_PAUSE, DISK_WHILE_SEALING } from './groups/disk.js';
import { CHECKPOINT } from './groups/checkpoint.js';
import { ACCEPTED_DRIFT, DRIFT } from './groups/drift.js';
import { CLUSTER } from './groups/cluster.js';
import { DRILL, DRILL_NOT_POSSIBLE } from './groups/drill.js';
import { ENVIRONMENT } from './groups/environment.js';
import { ENVIRONMENT_LOCK } from './groups/environment-lock.js';
import { ENVIRONMENT_STAGING } from './groups/environment-staging.js';
import { GATES } from './groups/gates.js';
import { READ_BACK, READ_BACK_CALLS } from './groups/read-back.js';
import { SECRETS } from './groups/secrets.js';
import { LEASE } from './groups/lease.js';
import { REPOSITORY } from './groups/repository.js';
import { IDENTIFIERS, MORE_RUNS } from './groups/identifiers.js';
import { ISOLATION } from './groups/isolation.js';
import { KUBECONFIG_DRIFT } from './groups/kubeconfig-drift.js';
import { KUBECTL } from './groups/kubectl.js';
import { RESTORING } from './groups/restoring.js';
import { STAGING } from './groups/staging.js';
import { UPLOAD } from './groups/upload.js';
import { UPLOAD_AGAIN } from './groups/upload-again.js';

/** Every group, in the order of the runbook; then what is at work in all of it. */
export const FAULT_GROUPS: readonly FaultGroup[] = [
  ENVIRONMENT,
  ENVIRONMENT_STAGING,
  REPOSITORY,
  AWS,
  KUBECTL,
  CLUSTER,
  BUCKET,
  ENVIRONMENT_LOCK,
  GATES,
  STAGING,
  ISOLATION,
  DRILL_NOT_POSSIBLE,
  DRILL,
  RESTORING,
  DISK,
  DISK_AT_THE_PAUSE,
  CHECKPOINT,
  IDENTIFIERS,
  MORE_RUNS,
  DRIFT,
  ACCEPTED_DRIFT,
  KUBECONFIG_DRIFT,
  LEASE,
  SECRETS,
  DISK_WHILE_SEALING,
  UPLOAD,
  UPLOAD_AGAIN,
  READ_BACK,
  READ_BACK_CALLS,
  BESIDE_ARCHIVE,
  DATABASE,
  DATABASE_ACCESS,
];

const BEGIN: Readonly<Record<Stage, string>> = {
  preflight: 'cutover run',
  step: 'cutover run',
  gate: 'cutover run --seal-only',
  run: 'cutover run',
  seal: 'cutover run --seal-only',
};
const GOES_ON: Readonly<Record<Stage, string>> = {
  preflight: '`cutover preflight` passes',
  step: 'a new `cutover run` reaches the pause',
  gate: '`cutover run --seal-only` seals it: `VERDICT: PASS`',
  run: 'a new `cutover run` reaches the pause',
  seal: '`cutover run --seal-only` seals it: `VERDICT: PASS`',
};

const BEGIN_MARK = '<!-- table -->';
const END_MARK = '<!-- /table -->';

/** docs/failure-modes.md with its tables made anew between their marks. Throws when it has no marks. */
export function withFaultTables(document: string): string {
  const begin = document.indexOf(BEGIN_MARK);
  const end = document.indexOf(END_MARK);
  if (begin < 0 || end < begin) throw new Error(`the document has no ${BEGIN_MARK} ... ${END_MARK}`);
  let count = 0;
  const sections = FAULT_GROUPS.map((group) => {
    const text = section(group, count);
    count += group.cases.length;
    return text;
  });
  const tables = [`${count} cases.`, ...sections].join('\n\n');
  return `${document.slice(0, begin)}${BEGIN_MARK}\n\n${tables}\n\n${document.slice(end)}`;
}

function section({ title, stage, cases }: FaultGroup, before: number): string {
  const rows = cases.map((fault, index) => row(fault, stage, before + index + 1));
  const head = ['#', 'what fails', 'how', 'the operator sees', 'exit', 'after it is mended'];
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.map(cell).join(' | ')} |`);
  return `## ${title}\n\nBegins with \`${BEGIN[stage]}\`, unless the row names another command.\n\n${lines.join('\n')}`;
}

function row(fault: FaultCase, stage: Stage, number: number): string[] {
  const command = fault.args === undefined ? '' : `\`cutover ${fault.args.join(' ')}\`: `;
  const sees = fault.says.map((words) => `\`${words.replaceAll('`', "'")}\``).join(' ... ');
  return [String(number), fault.what, fault.how, command + sees, String(fault.exitCode ?? 1), afterwards(fault, stage)];
}

function afterwards({ exitCode, goesOn }: FaultCase, stage: Stage): string {
  if (exitCode === 0) return 'nothing to do: `VERDICT: PASS`';
  return goesOn === undefined ? GOES_ON[stage] : goesOn.map(shownCommand).join(', then ');
}

function shownCommand({ args, exitCode, says }: Command): string {
  const printed = says === undefined ? '' : `: \`${says}\``;
  return `\`cutover ${args.map((arg) => (/\s/.test(arg) ? `"${arg}"` : arg)).join(' ')}\` (exit code ${exitCode})${printed}`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
