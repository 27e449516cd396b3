import { describeFaults } from './describe-faults.js';
import { STAGING } from './groups/staging.js';

describeFaults(STAGING);
