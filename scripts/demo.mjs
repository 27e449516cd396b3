import { spawnSync } from 'node:child_process';
import { prepare, ROOT, say } from './prepare.mjs';

/** `npm run demo`: installs and builds, then goes through the whole pilot cutover on stand-ins on this machine. */
prepare();
say('Starting the demo (under a minute)...');
const { status } = spawnSync(process.execPath, ['dist/demo/main.js'], { cwd: ROOT, stdio: 'inherit' });
process.exitCode = status ?? 1;
