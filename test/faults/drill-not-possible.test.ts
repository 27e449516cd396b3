import { describeFaults } from './describe-faults.js';
import { DRILL_NOT_POSSIBLE } from './groups/drill.js';

describeFaults(DRILL_NOT_POSSIBLE);
