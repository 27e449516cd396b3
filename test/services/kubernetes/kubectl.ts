/** Runs the real kubectl against a stand-in, with a home of its own: kubectl keeps what it has discovered in there for hours. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startKubernetes, type KubernetesOptions, type RunningKubernetes } from './start.js';

/** The kubectl on the PATH, and an old one if the environment names its file in `KUBECTL_OLD`. */
export const KUBECTLS: string[] = ['kubectl', process.env.KUBECTL_OLD].filter((binary) => binary !== undefined);

/** Its Go runtime does not collect the garbage of its 50 ms, nor spread them over threads: that is a fourth of them. Source: pkg.go.dev/runtime, "Environment Variables". */
export const QUICK_KUBECTL = { GOGC: 'off', GOMAXPROCS: '1' };

export interface KubectlResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

export interface StagingCluster extends RunningKubernetes {
  directory: string;
  kubectl(...args: string[]): Promise<KubectlResult>;
  /** What `kubectl ... -o json` printed. @throws Error with kubectl's own words when it failed */
  read(...args: string[]): Promise<never>;
  /** Stops the server and removes the directory. */
  remove(): Promise<void>;
}

/** A fresh stand-in on a free port, and the given kubectl pointed at it. */
export async function stagingCluster(binary: string, options: KubernetesOptions = {}): Promise<StagingCluster> {
  const directory = await mkdtemp(join(tmpdir(), 'staging-cluster-'));
  const kubernetes = await startKubernetes(options);
  const kubeconfig = join(directory, 'kubeconfig');
  await kubernetes.writeKubeconfig(kubeconfig);
  const env = { PATH: process.env.PATH, HOME: directory, KUBECONFIG: kubeconfig, ...QUICK_KUBECTL };

  const kubectl = (...args: string[]) =>
    new Promise<KubectlResult>((resolve) => {
      execFile(
        binary,
        ['--context', 'dpp-staging', '-n', 'dpp-staging', ...args],
        { env, timeout: 25_000 },
        (error, stdout, stderr) => {
          const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
          resolve({ exitCode, stdout, stderr: exitCode === -1 ? `${stderr}${error?.message}` : stderr });
        },
      );
    });
  return {
    ...kubernetes,
    directory,
    kubectl,
    read: async (...args) => {
      const { exitCode, stdout, stderr } = await kubectl(...args, '-o', 'json');
      if (exitCode !== 0) throw new Error(`kubectl ${args.join(' ')} ended with ${exitCode}: ${stderr}`);
      return JSON.parse(stdout) as never;
    },
    remove: async () => {
      kubernetes.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
