import { LINE_BREAKS, FactError } from './fact-line.js';

/** What 00_scope.txt says: what ran, where, on what, by whom. Strings without secrets; null = there is none. */
export interface ScopeFacts {
  /** The heading, without "SCOPE". */
  readonly title: string;
  readonly service: string;
  readonly changeTicket: string | null;
  /** UTC, whole seconds. */
  readonly timestamp: string;
  readonly hostname: string;
  readonly gitHead: string;
  readonly gitBranch: string;
  /** The output of `git status --porcelain`; empty when clean. */
  readonly gitStatus: string;
  /** This program and its version, e.g. `cutover 0.1.0`. */
  readonly runner: string;
  /** The RC runner's path. */
  readonly rcRunner: string;
  readonly stagingUrl: string;
  readonly kubeContext: string;
  readonly kubeServer: string;
  readonly namespace: string;
  readonly operator: string;
  readonly awsAccount: string;
  readonly awsRegion: string;
  /** The genesis hash of the run's history. */
  readonly chainId: string;
}

/** 00_scope.txt. Never an environment dump: these facts only. Throws `FactError` on a fact that is empty or has more than one line. */
export function scopeText(facts: ScopeFacts): string {
  const rows: [string, string, string][] = [
    ['service', 'Service', facts.service],
    ...(facts.changeTicket === null ? [] : [['changeTicket', 'Change ticket', facts.changeTicket] as [string, string, string]]),
    ['timestamp', 'Timestamp', facts.timestamp],
    ['hostname', 'Hostname', facts.hostname],
    ['gitHead', 'Git HEAD', facts.gitHead],
    ['gitBranch', 'Git branch', facts.gitBranch],
    ['runner', 'Runner', facts.runner],
    ['rcRunner', 'RC_RUNNER', facts.rcRunner],
    ['stagingUrl', 'STAGING_URL', facts.stagingUrl],
    ['kubeContext', 'K8S context', facts.kubeContext],
    ['kubeServer', 'K8S server', facts.kubeServer],
    ['namespace', 'K8S namespace', facts.namespace],
    ['operator', 'Operator', facts.operator],
    ['awsAccount', 'AWS account', facts.awsAccount],
    ['awsRegion', 'AWS region', facts.awsRegion],
    ['chainId', 'Chain id', facts.chainId],
  ];
  for (const [field, , value] of [...rows, ['title', 'Title', facts.title] as const]) {
    if (value.trim() === '') throw new FactError('scope', field, 'is empty');
    if (LINE_BREAKS.test(value)) throw new FactError('scope', field, 'has more than one line');
  }
  const status = facts.gitStatus.split('\n').filter((line) => line !== '');
  return [
    `${facts.title} — SCOPE`,
    '='.repeat(48),
    ...rows.map(([, label, value]) => `${`${label}:`.padEnd(15)}${value}`),
    'Git status (porcelain):',
    ...(status.length === 0 ? ['  (clean)'] : status.map((line) => `  ${line}`)),
    '',
  ].join('\n');
}
