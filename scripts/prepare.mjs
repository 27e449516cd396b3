import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Makes a fresh clone runnable: the tools, the packages, the build. Uses nothing but Node itself. */

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Tools that the product or its checks call, and the Debian package that has each. */
const TOOLS = { git: 'git', kubectl: 'kubernetes-client', jq: 'jq', tar: 'tar', sha256sum: 'coreutils' };
/** better-sqlite3 is compiled when no prebuilt binary can be fetched. */
const COMPILER = { python3: 'python3', make: 'make', 'g++': 'g++' };

const started = Date.now();

/** One line of progress, with the seconds since the start. */
export function say(line) {
  console.log(`[${String(Math.round((Date.now() - started) / 1000)).padStart(4)}s] ${line}`);
}

/** Installs what is missing. Ends the process with advice when it can't. */
export function prepare() {
  requireNode();
  requireTools(packagesAreInstalled() ? TOOLS : { ...TOOLS, ...COMPILER });
  if (!packagesAreInstalled()) {
    say('Installing packages with npm ci (one to three minutes: better-sqlite3 may be compiled)...');
    run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], 'npm ci failed: is the npm registry reachable?');
  }
  say('Building dist/ (about ten seconds the first time)...');
  run(
    process.execPath,
    ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'],
    'The build failed: see the messages of tsc above.',
  );
}

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  stop(`Node ${process.versions.node} is too old: 20.19 or newer is needed.`);
}

function requireTools(tools) {
  const missing = Object.entries(tools).filter(([tool]) => !isOnPath(tool));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map(([, name]) => name))];
  const command = `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  if (process.getuid?.() !== 0 || !isOnPath('apt-get')) {
    stop(`Missing: ${missing.map(([tool]) => tool).join(', ')}. On Debian, as root: ${command}`);
  }
  say(`Installing from Debian: ${packages.join(', ')} (up to a minute)...`);
  run('apt-get', ['update', '-qq'], 'apt-get update failed.');
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], `Failed: ${command}`, {
    DEBIAN_FRONTEND: 'noninteractive',
  });
}

/** npm notes what it installed in node_modules/.package-lock.json; an older one than the lockfile is out of date. */
function packagesAreInstalled() {
  const installed = `${ROOT}node_modules/.package-lock.json`;
  if (!existsSync(installed)) return false;
  const wanted = JSON.parse(readFileSync(`${ROOT}package-lock.json`, 'utf8')).packages;
  const found = JSON.parse(readFileSync(installed, 'utf8')).packages;
  return Object.entries(wanted).every(
    ([path, { version, optional }]) => path === '' || optional || found[path]?.version === version,
  );
}

function isOnPath(tool) {
  return (process.env.PATH ?? '').split(':').some((directory) => directory !== '' && isFile(`${directory}/${tool}`));
}

function isFile(path) {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function run(command, args, advice, env = {}) {
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit', env: { ...process.env, ...env } });
  if (error !== undefined || status !== 0) stop(`${advice}${error === undefined ? '' : ` (${error.message})`}`);
}

function stop(message) {
  console.error(message);
  process.exit(1);
}
