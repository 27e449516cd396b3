import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { S3 } from '@aws-sdk/client-s3';

export interface RunningRgw {
  readonly url: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** The shell that holds the daemons: they end with it, however it ends. */
  readonly shell: ChildProcess;
  /** Where the daemons keep everything; gone after `stop`. */
  readonly directory: string;
  createBucket(name: string, options?: { readonly objectLock?: boolean }): Promise<void>;
  /** Returns when every daemon has ended. */
  stop(): Promise<void>;
}

/** Not beside this module: the build copies no scripts. */
const SCRIPT = resolve('test/services/rgw/cluster.sh');
/** Each tool that the script calls, and the Debian package that has it. */
const TOOLS = JSON.parse(readFileSync(resolve('test/services/rgw/tools.json'), 'utf8')) as Record<string, string>;
const CREDENTIALS = { accessKeyId: 'rgw-access-key', secretAccessKey: 'rgw-secret-key' };

/**
 * Starts a real S3 server with Object Lock on the loopback interface: Ceph's gateway on a cluster of its own, in memory. It ends
 * with `stop`, with the calling process, or after 15 minutes.
 * @throws Error that says what to install when Ceph is not, or what a daemon said that did not start
 */
export async function startRgw(): Promise<RunningRgw> {
  requireTools();
  const directory = await mkdtemp(join(tmpdir(), 'rgw-'));
  const [monPort, s3Port] = await freePorts();
  const shell = spawn('bash', [SCRIPT], {
    env: {
      PATH: process.env.PATH,
      DIRECTORY: directory,
      MON_PORT: String(monPort),
      S3_PORT: String(s3Port),
      ACCESS_KEY: CREDENTIALS.accessKeyId,
      SECRET_KEY: CREDENTIALS.secretAccessKey,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  await untilReady(shell);
  const url = `http://127.0.0.1:${s3Port}`;
  return {
    url,
    credentials: CREDENTIALS,
    shell,
    directory,
    createBucket: (name, { objectLock = true } = {}) => createBucket(url, name, objectLock),
    stop: () => stop(shell),
  };
}

function requireTools(): void {
  const directories = (process.env.PATH ?? '').split(delimiter);
  const missing = Object.keys(TOOLS).filter((tool) => !directories.some((directory) => existsSync(join(directory, tool))));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((tool) => TOOLS[tool]))].join(' ');
  throw new Error(
    `Ceph's S3 gateway can't be started: ${missing.join(', ')} not found on PATH. ` +
      `On Debian, as root: apt-get install -y --no-install-recommends ${packages}`,
  );
}

/** Two that were free just now, held together so that they differ. */
async function freePorts(): Promise<[number, number]> {
  const servers = [createServer(), createServer()] as const;
  for (const server of servers) await once(server.listen(0, '127.0.0.1'), 'listening');
  const [first, second] = [servers[0].address() as AddressInfo, servers[1].address() as AddressInfo];
  for (const server of servers) await once(server.close(), 'close');
  return [first.port, second.port];
}

async function untilReady({ stdout, stderr }: ChildProcess): Promise<void> {
  if (!stdout || !stderr) throw new Error('the cluster was started without pipes');
  let said = '';
  stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  for await (const line of createInterface(stdout)) if (line === 'ready') return;
  throw new Error(`Ceph's S3 gateway did not start: ${said.trim() || 'it ended without a word'}`);
}

/** With us-east-1 the SDK names no location; the gateway would refuse the name of an AWS region that it does not have. */
async function createBucket(url: string, name: string, objectLock: boolean): Promise<void> {
  const client = new S3({ endpoint: url, region: 'us-east-1', forcePathStyle: true, credentials: CREDENTIALS });
  try {
    await client.createBucket({ Bucket: name, ObjectLockEnabledForBucket: objectLock });
  } finally {
    client.destroy();
  }
}

async function stop(shell: ChildProcess): Promise<void> {
  if (shell.exitCode !== null || shell.signalCode !== null) return;
  const ended = once(shell, 'exit');
  shell.stdin?.end();
  await ended;
}
