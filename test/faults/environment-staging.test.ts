import { describeFaults } from './describe-faults.js';
import { ENVIRONMENT_STAGING } from './groups/environment-staging.js';

describeFaults(ENVIRONMENT_STAGING);
