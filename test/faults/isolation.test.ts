import { describeFaults } from './describe-faults.js';
import { ISOLATION } from './groups/isolation.js';

describeFaults(ISOLATION);
