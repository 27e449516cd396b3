import { describeFaults } from './describe-faults.js';
import { BESIDE_ARCHIVE } from './groups/beside-archive.js';

describeFaults(BESIDE_ARCHIVE);
