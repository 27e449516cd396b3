import { describeFaults } from './describe-faults.js';
import { KUBECONFIG_DRIFT } from './groups/kubeconfig-drift.js';

describeFaults(KUBECONFIG_DRIFT);
