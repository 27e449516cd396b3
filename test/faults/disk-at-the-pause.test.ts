import { describeFaults } from './describe-faults.js';
import { DISK_AT_THE_PAUSE } from './groups/disk.js';

describeFaults(DISK_AT_THE_PAUSE);
