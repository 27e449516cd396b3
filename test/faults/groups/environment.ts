import type { FaultCase, FaultGroup } from '../fault-case.js';

function variable(
  name: string,
  how: string,
  value: string | undefined,
  says: string,
  failedChecks: readonly string[],
): FaultCase {
  return {
    what: `\`${name}\``,
    how,
    inject: (pilot) => pilot.setVariable(name, value),
    says: [`${name}: ${says}`],
    failedChecks,
  };
}

export const ENVIRONMENT: FaultGroup = {
  title: 'Required ENV',
  stage: 'preflight',
  cases: [
    variable('DPP_STAGING_BASE_URL', 'unset', undefined, 'is not set', ['7. DPP_STAGING_BASE_URL']),
    variable('DPP_STAGING_BASE_URL', 'blank', '   ', 'is blank', ['7. DPP_STAGING_BASE_URL']),
  ],
};
