import { describeFaults } from './describe-faults.js';
import { DRILL } from './groups/drill.js';

describeFaults(DRILL);
