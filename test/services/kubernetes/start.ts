/** Starts the stand-in for a staging cluster inside the calling process. */
import { ApiServer } from './api-server.js';
import { Cluster } from './cluster.js';
import { control, controlState, type ControlCommand } from './control.js';
import type { RolloutTiming } from './deployment-controller.js';
import type { Effect } from './journal.js';
import { writeKubeconfig } from './kubeconfig.js';
import { PILOT_SERVICE, seedService, type SeededService } from './pilot.js';

export interface KubernetesOptions {
  /** 0, the default, takes a free port. */
  port?: number;
  /** Whose objects are in place; default: the pilot's. */
  service?: SeededService;
  /** The namespace that they are in; default `dpp-staging`. */
  namespace?: string;
  /** The kubeconfig's context; default `dpp-staging`. */
  context?: string;
  /** NDJSON of requests and effects; it is appended to. */
  logFile?: string;
  /** Default: seen after 20 ms, rolled out 150 ms later, and the deployments' own progress deadline. */
  timing?: Partial<RolloutTiming>;
}

export interface RunningKubernetes {
  url: string;
  port: number;
  /** See `control.ts` for the commands. Rejects for a command that is none or that does not find its object. */
  control(commands: ControlCommand | ControlCommand[]): Promise<void>;
  effects(): Effect[];
  /** Everything as it was at the start: objects, timing, no fault, nothing recorded. Cuts every connection; the port stays. */
  reset(): Promise<void>;
  stop(): void;
  writeKubeconfig(file: string): Promise<void>;
}

/** Listens on 127.0.0.1, with the service's objects in place. @throws Error when the port is taken */
export async function startKubernetes(options: KubernetesOptions = {}): Promise<RunningKubernetes> {
  const { service = PILOT_SERVICE, port = 0, namespace = 'dpp-staging', context = 'dpp-staging', logFile, timing } = options;
  let cluster = begin();
  const server: ApiServer = new ApiServer(cluster, answerControl, port);
  await server.up();
  const url = `http://127.0.0.1:${server.port}`;

  function begin(): Cluster {
    const begun = new Cluster({ observeMs: 20, rolloutMs: 150, ...timing }, logFile);
    seedService(begun.store, namespace, service);
    return begun;
  }

  async function answerControl(method: string, body: string) {
    if (method === 'GET') return { code: 200, body: controlState(cluster, server) };
    try {
      await control(cluster, server, namespace, JSON.parse(body));
      return { code: 200, body: {} };
    } catch (error) {
      return { code: 400, body: { error: error instanceof Error ? error.message : String(error) } };
    }
  }

  return {
    url,
    port: server.port,
    control: (commands) => control(cluster, server, namespace, commands),
    effects: () => cluster.journal.effects,
    reset: async () => {
      cluster.controller.stop();
      server.down();
      cluster = server.cluster = begin();
      await server.up();
    },
    stop: () => {
      cluster.controller.stop();
      server.stop();
    },
    writeKubeconfig: (file) => writeKubeconfig(file, { url, context, namespace }),
  };
}
