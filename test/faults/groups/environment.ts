import type { FaultCase, FaultGroup } from '../fault-case.js';
import { variable } from './variable.js';

const IDENTITY = '3. AWS identity';
const BUCKET = '5. WORM bucket';

/** Values of one variable, each with what is said of it; they share what to do and which checks fail. */
function each(
  name: string,
  failedChecks: readonly string[],
  todo: string,
  faults: readonly (readonly [string | undefined, string])[],
): FaultCase[] {
  return faults.map(([value, wrong]) => variable({ name, value, says: [wrong, todo], failedChecks }));
}

function aws(name: string, todo: string, faults: Parameters<typeof each>[3]): FaultCase[] {
  return each(name, [IDENTITY, BUCKET, `ENV ${name}`], todo, faults);
}

function worm(name: string, todo: string, faults: Parameters<typeof each>[3]): FaultCase[] {
  return each(name, [BUCKET, `6. ${name}`], todo, faults);
}

const RETENTION = 'is not a whole number of days between 1 and 36500';

export const ENVIRONMENT: FaultGroup = {
  title: 'Required ENV: AWS and WORM',
  stage: 'preflight',
  cases: [
    ...aws('AWS_PROFILE', 'Export AWS_PROFILE', [
      [undefined, 'is not set'],
      ['  ', 'is blank ("  ")'],
    ]),
    {
      what: '`AWS_PROFILE`',
      how: 'of no profile',
      inject: (pilot) => pilot.setVariable('AWS_PROFILE', 'nobody'),
      says: ['3. AWS identity: AWS_CREDENTIALS_MISSING', 'Check that AWS_PROFILE is a profile of this machine'],
      failedChecks: [
        IDENTITY,
        '5. WORM bucket and its region',
        '5. WORM bucket versioning',
        '5. WORM bucket Object Lock',
        '5. permission to store a locked object',
        '5. permission to read versions',
        '5. permission to read locks',
        '5. permission to list versions',
        '5. permission to list uploads',
        '5. permission to go on with an upload',
        '5. permission to give an upload up',
      ],
    },
    ...aws('AWS_REGION', 'Export AWS_REGION', [
      [undefined, 'is not set'],
      ['', 'is not set'],
    ]),
    ...aws('AWS_REGION', 'such as ap-northeast-2', [['Seoul', '"Seoul" is not the name of an AWS region']]),
    ...aws('AWS_ENDPOINT_URL', 'Unset it, unless an S3 or STS service other than AWS is meant', [
      ['garbage', '"garbage" is not a URL'],
      ['  ', '"  " is not a URL'],
    ]),
    variable({
      name: 'AWS_ENDPOINT_URL',
      how: 'a URL with credentials in it',
      value: 'http://user:s3cretpw@127.0.0.1:1',
      says: ['the URL holds credentials (not shown here)', 'Unset it'],
      failedChecks: [IDENTITY, BUCKET, 'ENV AWS_ENDPOINT_URL'],
      hides: 's3cretpw',
    }),
    variable({
      name: 'AWS_ENDPOINT_URL_S3',
      value: 'ftp://s3.example.com',
      says: ['"ftp://s3.example.com" is not http or https', 'Unset it'],
      failedChecks: [BUCKET, 'ENV AWS_ENDPOINT_URL_S3'],
    }),
    variable({
      name: 'AWS_ENDPOINT_URL_STS',
      value: 'garbage',
      says: ['"garbage" is not a URL', 'Unset it'],
      failedChecks: [IDENTITY, 'ENV AWS_ENDPOINT_URL_STS'],
    }),
    ...worm('DPP_WORM_BUCKET', 'Export DPP_WORM_BUCKET', [
      [undefined, 'is not set'],
      ['', 'is not set'],
    ]),
    ...worm(
      'DPP_WORM_BUCKET',
      'Set DPP_WORM_BUCKET to the name alone, without s3:// and key',
      [
        ['s3://dpp-audit-worm-demo', 'may hold lower-case letters, digits, dots and hyphens only'],
        ['DPP-Audit', 'may hold lower-case letters'],
        ['192.168.5.4', 'looks like an IP address'],
      ].map(([value, wrong]) => [value, `"${value}" ${wrong}`] as const),
    ),
    variable({
      name: 'CUTOVER_BUCKET_OWNER',
      value: 'dpp-prod',
      says: ['"dpp-prod" is not an AWS account id', 'Set CUTOVER_BUCKET_OWNER to the 12 digits of the account'],
      failedChecks: [BUCKET, 'ENV CUTOVER_BUCKET_OWNER'],
    }),
    ...worm('DPP_WORM_PREFIX', 'Export DPP_WORM_PREFIX', [[undefined, 'is not set']]),
    ...worm('DPP_WORM_PREFIX', 'Set DPP_WORM_PREFIX to a path such as evidence/cutover', [
      ['/evidence', '"/evidence" begins with a slash'],
      ['evidence/../cutover', '"evidence/../cutover" begins with a slash, or has an empty, "." or ".." part'],
      ['evidence cutover', '"evidence cutover" may hold letters, digits'],
    ]),
    ...worm('DPP_WORM_OBJECT_LOCK_MODE', 'Set DPP_WORM_OBJECT_LOCK_MODE to one of the two words exactly', [
      ['governance', '"governance" is neither "GOVERNANCE" nor "COMPLIANCE"'],
      ['GOVERNANCE ', '"GOVERNANCE " is neither'],
      ['NONE', '"NONE" is neither'],
    ]),
    ...worm('DPP_WORM_RETENTION_DAYS', 'Export DPP_WORM_RETENTION_DAYS', [
      [undefined, 'is not set'],
      ['\t', 'is blank ("\\t")'],
    ]),
    ...worm(
      'DPP_WORM_RETENTION_DAYS',
      'Set DPP_WORM_RETENTION_DAYS in decimal digits, such as 365',
      ['0', '-1', '1.5', 'abc', '365 ', '36501', '1e2'].map((value) => [value, `"${value}" ${RETENTION}`] as const),
    ),
  ],
};
