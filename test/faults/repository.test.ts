import { describeFaults } from './describe-faults.js';
import { REPOSITORY } from './groups/repository.js';

describeFaults(REPOSITORY);
