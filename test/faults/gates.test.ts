import { describeFaults } from './describe-faults.js';
import { GATES } from './groups/gates.js';

describeFaults(GATES);
