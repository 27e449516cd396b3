import { hostname, userInfo } from 'node:os';
import type { Identity } from '../evidence/history-record.js';

/** Who gives the command: `--as NAME`, else the user of this session. Asserted: nobody proves it. */
export function identityOf(as: string | undefined, env: NodeJS.ProcessEnv): Identity {
  const user = as ?? env['USER'] ?? env['LOGNAME'] ?? userInfo().username;
  return { user, host: hostname(), email: /^[^\s@]+@[^\s@]+$/.test(user) ? user : null, level: 'asserted' };
}
