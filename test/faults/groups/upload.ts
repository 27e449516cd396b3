import type { FaultGroup } from '../fault-case.js';

export const UPLOAD: FaultGroup = {
  title: 'Steps 5a and 5b: upload and read-back',
  stage: 'pause',
  cases: [
    {
      what: 'PutObject',
      how: '403',
      inject: ({ site }) => site.s3.control({ deny: ['s3:PutObject'] }),
      says: ['S3_ACCESS_DENIED', 's3:PutObject'],
    },
    {
      what: 'HeadObject',
      how: 'another lock mode',
      inject: ({ site }) =>
        site.s3.control({
          faults: [{ operation: 'HeadObject', times: 'always', lie: { headers: { 'x-amz-object-lock-mode': 'COMPLIANCE' } } }],
        }),
      says: ['WORM_VERIFY_FAILED', 'ObjectLockMode: expected GOVERNANCE, found COMPLIANCE'],
    },
  ],
};
