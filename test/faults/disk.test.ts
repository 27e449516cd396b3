import { describeFaults } from './describe-faults.js';
import { DISK } from './groups/disk.js';

describeFaults(DISK);
