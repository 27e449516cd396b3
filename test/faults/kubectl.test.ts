import { describeFaults } from './describe-faults.js';
import { KUBECTL } from './groups/kubectl.js';

describeFaults(KUBECTL);
