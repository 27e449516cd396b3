import { describeFaults } from './describe-faults.js';
import { DRIFT } from './groups/drift.js';

describeFaults(DRIFT);
