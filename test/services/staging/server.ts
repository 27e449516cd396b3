import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { parseControl, type StagingControl, type StagingFault } from './control.js';

export interface StagingRequest {
  readonly at: string;
  readonly method: string;
  readonly path: string;
  status: number | null;
}

export interface StagingState {
  readonly requests: readonly StagingRequest[];
}

export interface RunningStaging {
  readonly url: string;
  readonly port: number;
  /** What `POST /__control` does; throws an Error for a document that is wrong. */
  control(document: StagingControl): void;
  /** What `GET /__control` answers. */
  state(): StagingState;
  /** Ends all connections, hanging ones too. */
  stop(): Promise<void>;
}

export interface StagingOptions {
  /** 0, the default, takes a free port. */
  readonly port?: number;
  readonly logFile?: string | undefined;
  /** Private key and certificate (PEM): serves https. */
  readonly tls?: { readonly key: string; readonly cert: string };
}

/** Starts a stand-in for the staging service on 127.0.0.1: `/healthz` and `/readyz` answer 200 `{"status":"ok"}`, all else 404. */
export async function startStaging(options: StagingOptions = {}): Promise<RunningStaging> {
  const { tls } = options;
  const service = new StagingService(options.logFile);
  const serve = (request: IncomingMessage, response: ServerResponse) => void service.serve(request, response);
  const server = tls === undefined ? createServer(serve) : createTlsServer(tls, serve);
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    port,
    control: (document) => service.control(document),
    state: () => service.state(),
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function* endless(): Generator<string> {
  for (;;) yield 'ok\n'.repeat(1024);
}

class StagingService {
  private readonly requests: StagingRequest[] = [];
  private faults: { readonly fault: StagingFault; seen: number }[] = [];

  constructor(private readonly logFile: string | undefined) {}

  control(document: unknown): void {
    const { clearFaults, faults = [] } = parseControl(document);
    if (clearFaults) this.faults = [];
    this.faults.push(...faults.map((fault) => ({ fault, seen: 0 })));
  }

  state(): StagingState {
    return { requests: [...this.requests] };
  }

  async serve(raw: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (raw.url ?? '').split('?')[0] ?? '';
    if (path === '/__control') return this.serveControl(raw, response);
    const logged: StagingRequest = { at: new Date().toISOString(), method: raw.method ?? '', path, status: null };
    this.requests.push(logged);
    await this.answer(raw, response, logged);
    if (this.logFile !== undefined) appendFileSync(this.logFile, `${JSON.stringify(logged)}\n`);
  }

  private async answer(raw: IncomingMessage, response: ServerResponse, logged: StagingRequest): Promise<void> {
    const fault = this.meet(logged.path);
    if (fault?.delayMs !== undefined) await wait(fault.delayMs);
    if (fault?.hang) return;
    if (fault?.reset) {
      raw.socket.resetAndDestroy();
      return;
    }
    const isKnown = logged.path === '/healthz' || logged.path === '/readyz';
    if (fault?.endless) {
      logged.status = 200;
      response.writeHead(200, { 'content-type': 'text/plain' });
      const body = Readable.from(endless());
      // A client that has had enough closes the connection.
      return pipeline(body, response).catch(() => undefined);
    }
    logged.status = fault?.status ?? (fault?.redirect === undefined ? (isKnown ? 200 : 404) : 302);
    const word = fault?.status !== undefined ? 'failing' : isKnown ? 'ok' : 'not found';
    const location = fault?.redirect === undefined ? {} : { location: fault.redirect };
    const body = fault?.empty || fault?.redirect !== undefined ? undefined : JSON.stringify({ status: word });
    response.writeHead(logged.status, body === undefined ? location : { 'content-type': 'application/json' }).end(body);
  }

  /** Counts the request with every fault of its path; the first one whose turn it is happens. */
  private meet(path: string): StagingFault | undefined {
    const due = this.faults.filter((entry) => {
      const { fault } = entry;
      if (fault.path !== undefined && fault.path !== path) return false;
      entry.seen += 1;
      return entry.seen >= fault.nth && (fault.times === 'always' || entry.seen < fault.nth + fault.times);
    });
    return due[0]?.fault;
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
