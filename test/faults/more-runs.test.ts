import { describeFaults } from './describe-faults.js';
import { MORE_RUNS } from './groups/identifiers.js';

describeFaults(MORE_RUNS);
