import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface IamPolicy {
  readonly Version: '2012-10-17';
  readonly Statement: { Sid: string; Effect: 'Allow'; Action: string[]; Resource: string }[];
}

/** A policy of examples/iam, its placeholder replaced by this bucket, as docs/setup.md says. */
export function iamPolicy(role: 'write-role' | 'audit-role', bucket: string): IamPolicy {
  const text = readFileSync(join(import.meta.dirname, `../../examples/iam/${role}.json`), 'utf8');
  return JSON.parse(text.replaceAll('dpp-audit-worm-ENV', bucket)) as IamPolicy;
}

export function actionsOf({ Statement }: IamPolicy): string[] {
  return Statement.flatMap(({ Action }) => Action);
}

/** The policy but for one action. */
export function without(action: string, policy: IamPolicy): IamPolicy {
  const Statement = policy.Statement.map((statement) => ({
    ...statement,
    Action: statement.Action.filter((name) => name !== action),
  }));
  return { ...policy, Statement: Statement.filter(({ Action }) => Action.length > 0) };
}
