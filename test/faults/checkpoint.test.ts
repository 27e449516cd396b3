import { describeFaults } from './describe-faults.js';
import { CHECKPOINT } from './groups/checkpoint.js';

describeFaults(CHECKPOINT);
