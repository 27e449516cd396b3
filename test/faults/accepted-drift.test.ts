import { describeFaults } from './describe-faults.js';
import { ACCEPTED_DRIFT } from './groups/drift.js';

describeFaults(ACCEPTED_DRIFT);
