import { describeFaults } from './describe-faults.js';
import { SECRETS } from './groups/secrets.js';

describeFaults(SECRETS);
