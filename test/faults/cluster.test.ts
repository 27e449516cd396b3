import { describeFaults } from './describe-faults.js';
import { CLUSTER } from './groups/cluster.js';

describeFaults(CLUSTER);
