import type { Command, FaultCase, FaultGroup, Stage } from './fault-case.js';
import { CLUSTER } from './groups/cluster.js';
import { DRILL } from './groups/drill.js';
import { ENVIRONMENT } from './groups/environment.js';
import { GATES } from './groups/gates.js';
import { ISOLATION } from './groups/isolation.js';
import { KUBECONFIG_DRIFT } from './groups/kubeconfig-drift.js';
import { KUBECTL } from './groups/kubectl.js';
import { RESTORING } from './groups/restoring.js';
import { STAGING } from './groups/staging.js';
import { UPLOAD } from './groups/upload.js';

/** Every group, in the order of the runbook. */
export const FAULT_GROUPS: readonly FaultGroup[] = [
  KUBECTL,
  CLUSTER,
  ENVIRONMENT,
  GATES,
  STAGING,
  ISOLATION,
  DRILL,
  RESTORING,
  KUBECONFIG_DRIFT,
  UPLOAD,
];

const BEGIN: Readonly<Record<Stage, string>> = {
  preflight: 'cutover run',
  run: 'cutover run',
  pause: 'cutover run --seal-only',
};
const GOES_ON: Readonly<Record<Stage, string>> = {
  preflight: '`cutover preflight` passes',
  run: 'a new `cutover run` reaches the pause',
  pause: '`cutover run --seal-only` seals it: `VERDICT: PASS`',
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
  const after = fault.goesOn === undefined ? GOES_ON[stage] : fault.goesOn.map(shownCommand).join(', then ');
  return [String(number), fault.what, fault.how, command + sees, String(fault.exitCode ?? 1), after];
}

function shownCommand({ args, exitCode }: Command): string {
  return `\`cutover ${args.map((arg) => (/\s/.test(arg) ? `"${arg}"` : arg)).join(' ')}\` (exit code ${exitCode})`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
