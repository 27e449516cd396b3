import { describeFaults } from './describe-faults.js';
import { READ_BACK_CALLS } from './groups/read-back.js';

describeFaults(READ_BACK_CALLS);
