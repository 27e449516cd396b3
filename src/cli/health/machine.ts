import { stat, statfs } from 'node:fs/promises';
import { gitVersion } from '../../actors/git-version.js';
import { kubectlVersion } from '../../actors/kubectl.js';
import { unrecordedOwner } from '../../actors/process/run-process.js';
import type { Io } from '../io.js';
import { fileSize } from '../clock-format.js';
import { nearestDirectory } from './directories.js';
import { fault, good, orFault, type HealthFinding } from './finding.js';

/** Node, kubectl, git: there, and new enough. */
export async function toolChecks(io: Io): Promise<HealthFinding[]> {
  const owner = unrecordedOwner(io.signal, io.env);
  return [
    nodeVersion(),
    ...(await Promise.all([
      orFault('kubectl', io.signal, () => kubectlVersion(owner)),
      orFault('git', io.signal, () => gitVersion(owner)),
    ])),
  ];
}

/** Room on each file system that is written to. */
export async function diskChecks(paths: readonly string[]): Promise<HealthFinding[]> {
  const findings = new Map<number, HealthFinding>();
  for (const path of paths) {
    const directory = nearestDirectory(path);
    const { dev } = await stat(directory);
    if (!findings.has(dev)) findings.set(dev, await diskSpace(directory));
  }
  return [...findings.values()];
}

/** Source: package.json, "engines". */
const OLDEST_NODE = [20, 19] as const;
const LEAST_FREE_BYTES = 1024 ** 3;

function nodeVersion(): HealthFinding {
  const { node } = process.versions;
  const [major = 0, minor = 0] = node.split('.').map(Number);
  const isNew = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
  return isNew ? good('Node.js', node) : fault('Node.js', `${node}: install ${OLDEST_NODE.join('.')} or newer`);
}

async function diskSpace(directory: string): Promise<HealthFinding> {
  const what = 'disk space';
  try {
    const { bavail, bsize } = await statfs(directory);
    const free = bavail * bsize;
    const found = `${fileSize(free)} free at ${directory}`;
    return free >= LEAST_FREE_BYTES
      ? good(what, found)
      : fault(what, `${found}: make room, at least ${fileSize(LEAST_FREE_BYTES)}`);
  } catch (error) {
    return fault(what, `${directory}: ${(error as Error).message}`);
  }
}
