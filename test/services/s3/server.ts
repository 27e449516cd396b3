import { once } from 'node:events';
import { appendFileSync, mkdirSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Account } from './account.js';
import { Bucket } from './bucket.js';
import { applyControl, type Control, type Fault } from './control.js';
import { answerRequest } from './exchange.js';
import { FaultList } from './faults.js';
import type { DefaultRetention } from './retention.js';
import { listUploads, listVersions, type ListedUpload, type ListedVersion, type LoggedRequest } from './state.js';

export interface S3Options {
  /** Exists from the start, with Object Lock unless `objectLock` is false. */
  readonly bucket: string;
  /** Where the bytes of the objects go; made if it is missing. */
  readonly dataDir: string;
  readonly objectLock?: boolean;
  readonly defaultRetention?: DefaultRetention;
  readonly region?: string;
  /** 12 digits. */
  readonly account?: string;
  /** Whose role the caller has; default `dpp-admin`. */
  readonly role?: string;
  readonly accessKey?: string;
  readonly secretKey?: string;
  /** 0, the default, takes a free one. */
  readonly port?: number;
  /** One JSON line for each request. */
  readonly logFile?: string | undefined;
}

export interface S3State {
  readonly requests: readonly LoggedRequest[];
  readonly versions: readonly ListedVersion[];
  readonly uploads: readonly ListedUpload[];
  readonly faults: readonly Fault[];
}

export interface RunningS3 {
  readonly url: string;
  readonly port: number;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** What `POST /__control` does; throws an Error for a document that is wrong. */
  control(document: Control): void;
  /** What `GET /__control` answers. */
  state(): S3State;
  /** Ends all connections, hanging ones too. */
  stop(): Promise<void>;
}

/** Starts a stand-in for S3 with Object Lock and for STS on 127.0.0.1. What it stores is forgotten when it stops. */
export async function startS3(options: S3Options): Promise<RunningS3> {
  mkdirSync(options.dataDir, { recursive: true });
  const service = new S3Service(options);
  const server = createServer((request, response) => void service.serve(request, response));
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    response.writeContinue();
    void service.serve(request, response);
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    credentials: { accessKeyId: service.account.accessKey, secretAccessKey: service.account.secretKey },
    control: (document) => service.control(document),
    state: () => service.state(),
    stop: () => stopServer(server),
  };
}

async function stopServer(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

class S3Service {
  readonly account: Account;
  private readonly faults = new FaultList();
  private readonly requests: LoggedRequest[] = [];

  constructor(private readonly options: S3Options) {
    const { bucket: name, objectLock = true, defaultRetention, region = 'ap-northeast-2', account = '000000000000' } = options;
    this.account = new Account(
      account,
      region,
      options.accessKey ?? 'stand-in-access-key',
      options.secretKey ?? 'stand-in-secret-key',
      options.role ?? 'dpp-admin',
    );
    const lock = objectLock ? { defaultRetention } : undefined;
    this.account.buckets.set(name, new Bucket({ name, region, owner: account, objectLock: lock }));
  }

  control(document: unknown): void {
    applyControl(document, this.account, this.faults, this.options.bucket);
  }

  state(): S3State {
    const { account, faults, requests } = this;
    return {
      requests: [...requests],
      versions: listVersions(account),
      uploads: listUploads(account),
      faults: faults.list(),
    };
  }

  async serve(raw: IncomingMessage, response: ServerResponse): Promise<void> {
    if (raw.url === '/__control') return this.serveControl(raw, response);
    const { account, faults, options } = this;
    const logged = await answerRequest({ account, faults, dataDir: options.dataDir }, raw, response, this.requests);
    if (options.logFile !== undefined) appendFileSync(options.logFile, `${JSON.stringify(logged)}\n`);
  }

  private async serveControl(raw: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      if (raw.method === 'POST') this.control(JSON.parse(await text(raw)));
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(this.state()));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify({ error: message }));
    }
  }
}
