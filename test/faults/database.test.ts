import { describeFaults } from './describe-faults.js';
import { DATABASE } from './groups/database.js';

describeFaults(DATABASE);
