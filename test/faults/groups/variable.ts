import type { FaultCase } from '../fault-case.js';

export interface VariableFault {
  readonly name: string;
  /** How it is set, for the table; default: the value in quotes, or `unset`. */
  readonly how?: string;
  readonly value: string | undefined;
  /** What is wrong with it, and what to do. */
  readonly says: readonly [string, string];
  /** The checks that fail beside its own, in the order of the report. */
  readonly failedChecks: readonly string[];
  readonly hides?: string;
}

/** A row: one variable of the environment is set otherwise, and the preflight names it. */
export function variable({ name, value, says: [wrong, todo], ...rest }: VariableFault): FaultCase {
  return {
    what: `\`${name}\``,
    how: value === undefined ? 'unset' : `\`${JSON.stringify(value)}\``,
    inject: (pilot) => pilot.setVariable(name, value),
    says: [`${name}: ${wrong}`, todo],
    ...rest,
  };
}
