import { describeFaults } from './describe-faults.js';
import { ENVIRONMENT } from './groups/environment.js';

describeFaults(ENVIRONMENT);
