import { describeFaults } from './describe-faults.js';
import { DATABASE_ACCESS } from './groups/database.js';

describeFaults(DATABASE_ACCESS);
