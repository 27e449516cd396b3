import { describeFaults } from './describe-faults.js';
import { UPLOAD_AGAIN } from './groups/upload-again.js';

describeFaults(UPLOAD_AGAIN);
