import { describeFaults } from './describe-faults.js';
import { IDENTIFIERS } from './groups/identifiers.js';

describeFaults(IDENTIFIERS);
