/** What happened to the cluster's deployments and who asked for it: the effects that a test counts, and the log on disk. */
import { appendFileSync } from 'node:fs';

/** A client's successful write to a deployment (dry runs are not recorded). Times are ISO 8601 with milliseconds. */
export interface WriteEffect {
  kind: 'write';
  time: string;
  verb: 'create' | 'update' | 'patch' | 'delete';
  /** `json` is what `kubectl rollout undo` sends; null for other verbs than patch. */
  patchType: 'json' | 'merge' | 'strategic' | null;
  subresource: 'scale' | null;
  namespace: string;
  deployment: string;
  userAgent: string;
  /** Images before and after, comma-separated; null where the deployment did not or no longer exists. */
  fromImage: string | null;
  toImage: string | null;
  /** The deployment's revision before the controller has looked at the write. */
  revision: number;
}

/** The controller made another ReplicaSet the current one. */
export interface RolloutEffect {
  kind: 'rollout';
  time: string;
  namespace: string;
  deployment: string;
  fromImage: string;
  toImage: string;
  fromRevision: number;
  toRevision: number;
  replicaSet: string;
  /** False when an older ReplicaSet was taken up again, as an undo does. */
  createdReplicaSet: boolean;
}

/** A change of the image that came through the control endpoint, as another person's edit. */
export interface ThirdPartyEffect {
  kind: 'thirdParty';
  time: string;
  namespace: string;
  deployment: string;
  fromImage: string;
  toImage: string;
}

export type Effect = WriteEffect | RolloutEffect | ThirdPartyEffect;

type Untimed<T> = T extends Effect ? Omit<T, 'time'> : never;

/** The log is NDJSON: every effect, and every request as `{kind: "request", ...}`; written at once, so that a kill loses none. */
export class Journal {
  private readonly recorded: Effect[] = [];

  constructor(private readonly logFile: string | undefined) {}

  get effects(): Effect[] {
    return [...this.recorded];
  }

  record(effect: Untimed<Effect>): void {
    const timed = { ...effect, time: new Date().toISOString() } as Effect;
    this.recorded.push(timed);
    this.append(timed);
  }

  request(method: string, url: string, userAgent: string, outcome: number | string): void {
    this.append({ kind: 'request', time: new Date().toISOString(), method, url, userAgent, outcome });
  }

  private append(line: object): void {
    if (this.logFile !== undefined) appendFileSync(this.logFile, `${JSON.stringify(line)}\n`);
  }
}
