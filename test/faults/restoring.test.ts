import { describeFaults } from './describe-faults.js';
import { RESTORING } from './groups/restoring.js';

describeFaults(RESTORING);
