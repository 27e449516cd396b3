import { describeFaults } from './describe-faults.js';
import { BUCKET } from './groups/bucket.js';

describeFaults(BUCKET);
