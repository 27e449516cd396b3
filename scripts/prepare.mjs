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

/**
 * Installs what is missing. Ends the process with advice when it can't. `servers` are the tools of servers that only some tests
 * start: without them it goes on, and those tests fail.
 */
export function prepare({ servers = {} } = {}) {
  requireNode();
  requireTools(packagesAreInstalled() ? TOOLS : { ...TOOLS, ...COMPILER });
  preferTools(servers);
  if (!packagesAreInstalled()) {
    say('Installing packages with npm ci (one to three minutes: better-sqlite3 may be compiled)...');
    run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], 'npm ci failed: is the npm registry reachable?');
  }
  say('Building dist/ (about ten seconds the first time)...');
  run(process.execPath, ['scripts/build.mjs'], 'The build failed: see the messages above.');
}

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  stop(`Node ${process.versions.node} is too old: 20.19 or newer is needed.`);
}

function requireTools(tools) {
  const advice = installTools(tools);
  if (advice !== null) stop(advice);
}

function preferTools(tools) {
  const advice = installTools(tools);
  if (advice !== null) console.error(`${advice}\nGoing on without: the tests that need them will fail.`);
}

/** Null when all of them are there now, else what to do about it. */
function installTools(tools) {
  const missing = Object.keys(tools).filter((tool) => !isOnPath(tool));
  if (missing.length === 0) return null;
  const packages = [...new Set(missing.map((tool) => tools[tool]))];
  const command = ['apt-get', 'install', '-y', '--no-install-recommends', ...packages];
  if (process.getuid?.() === 0 && isOnPath('apt-get')) {
    say(`Installing from Debian: ${packages.join(', ')} (up to a minute)...`);
    const env = { DEBIAN_FRONTEND: 'noninteractive' };
    if (succeeds('apt-get', ['update', '-qq'], env) && succeeds(command[0], [...command.slice(1), '-qq'], env)) return null;
  }
  return `Missing: ${missing.join(', ')}. On Debian, as root: ${command.join(' ')}`;
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

function run(command, args, advice) {
  if (!succeeds(command, args)) stop(advice);
}

function succeeds(command, args, env = {}) {
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit', env: { ...process.env, ...env } });
  if (error !== undefined) console.error(`${command}: ${error.message}`);
  return status === 0;
}

function stop(message) {
  console.error(message);
  process.exit(1);
}
