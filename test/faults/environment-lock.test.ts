import { describeFaults } from './describe-faults.js';
import { ENVIRONMENT_LOCK } from './groups/environment-lock.js';

describeFaults(ENVIRONMENT_LOCK);
