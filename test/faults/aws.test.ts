import { describeFaults } from './describe-faults.js';
import { AWS } from './groups/aws.js';

describeFaults(AWS);
