import { describeFaults } from './describe-faults.js';
import { UPLOAD } from './groups/upload.js';

describeFaults(UPLOAD);
