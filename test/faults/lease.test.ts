import { describeFaults } from './describe-faults.js';
import { LEASE } from './groups/lease.js';

describeFaults(LEASE);
