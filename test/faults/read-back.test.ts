import { describeFaults } from './describe-faults.js';
import { READ_BACK } from './groups/read-back.js';

describeFaults(READ_BACK);
