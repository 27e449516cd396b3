import { describeFaults } from './describe-faults.js';
import { DISK_WHILE_SEALING } from './groups/disk.js';

describeFaults(DISK_WHILE_SEALING);
