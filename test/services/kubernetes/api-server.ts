/** The HTTP side: one loopback server that can go down and come back on the same port. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { reviewAccess } from './access-review.js';
import type { Cluster } from './cluster.js';
import { discover } from './discovery.js';
import { answerWithFault, type Fault, type FaultTarget } from './faults.js';
import { perform, type Answer } from './object-api.js';
import { noSuchPath, parseRequest, type ApiRequest } from './request.js';
import { CSI_GROUP } from './resources.js';
import { decodeAccessReview, PROTOBUF } from './protobuf.js';
import { attributesOf, grants, refusal } from './rbac.js';
import { issueToken } from './service-account-token.js';
import { badRequest, StatusError, unsupportedMediaType } from './status.js';
import { streamWatch } from './watch.js';

/** Answers the requests to `/__control`, which faults never hit. */
export type ControlHandler = (method: string, body: string) => Promise<Answer>;

export class ApiServer {
  private server: Server | undefined;
  private stopped = false;
  private readonly connections = new Set<Socket>();
  private lastPort: number;

  constructor(
    /** The one that answers from now on. */
    public cluster: Cluster,
    private readonly control: ControlHandler,
    port: number,
  ) {
    this.lastPort = port;
  }

  get port(): number {
    return this.lastPort;
  }

  get isUp(): boolean {
    return this.server !== undefined;
  }

  /** Listens on 127.0.0.1, on the port that it had before, if it had one. */
  async up(): Promise<void> {
    if (this.server !== undefined || this.stopped) return;
    const server = createServer((request, response) => void this.answer(request, response));
    server.on('connection', (socket) => {
      this.connections.add(socket);
      socket.once('close', () => this.connections.delete(socket));
    });
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(this.lastPort, '127.0.0.1', resolve));
    this.lastPort = (server.address() as AddressInfo).port;
    this.server = server;
  }

  /** Closes the listener and cuts every connection but those to the control endpoint: clients are refused or cut off. */
  down(): void {
    this.server?.close();
    this.server = undefined;
    for (const connection of this.connections) connection.destroy();
  }

  /** Down for good: whatever was to bring it up again no longer does. */
  stop(): void {
    this.stopped = true;
    this.down();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/' } = request;
    const userAgent = request.headers['user-agent'] ?? '';
    try {
      const body = await readBody(request);
      if (url === '/__control') {
        this.connections.delete(request.socket);
        response.setHeader('Connection', 'close');
        send(response, await this.control(method, body.toString('utf8')));
        return;
      }
      const outcome = await this.serve(method, new URL(url, 'http://127.0.0.1'), request, body, response);
      this.cluster.journal.request(method, url, userAgent, outcome);
    } catch (error) {
      const status = error instanceof StatusError ? error : new StatusError(500, 'InternalError', String(error));
      this.cluster.journal.request(method, url, userAgent, status.code);
      if (!response.headersSent) send(response, { code: status.code, body: status.toJSON() });
    }
  }

  /** Returns the HTTP status, or the name of the fault that took its place. */
  private async serve(
    method: string,
    url: URL,
    { headers }: IncomingMessage,
    bytes: Buffer,
    response: ServerResponse,
  ): Promise<number | string> {
    const request = parseRequest(method, url);
    const user = userOf(headers);
    if (request !== undefined) this.authorize(request, user);
    const target = targetOf(request, url);
    const fault = this.cluster.faults.take(target);
    if (fault?.do === 'delay') await new Promise((resolve) => setTimeout(resolve, fault.delayMs).unref());
    else if (fault !== undefined && !fault.afterEffect) return this.fail(fault, target, response);

    if (request?.verb === 'watch') {
      this.checkInstalled(request);
      streamWatch(this.cluster.store, request, response);
      return 200;
    }
    const answer = this.perform(request, url, headers, bytes);
    if (fault?.afterEffect === true && fault.do !== 'delay') return this.fail(fault, target, response);
    send(response, answer);
    return answer.code;
  }

  private perform(request: ApiRequest | undefined, url: URL, headers: IncomingHttpHeaders, bytes: Buffer): Answer {
    if (request === undefined) return { code: 200, body: discover(url.pathname, this.cluster.crdInstalled) };
    this.checkInstalled(request);
    const mediaType = (headers['content-type'] ?? '').split(';')[0]!.trim();
    const body = parseBody(bytes, mediaType, request);
    if (request.resource.name === 'selfsubjectaccessreviews') {
      return { code: 201, body: reviewAccess(this.cluster, userOf(headers), body) };
    }
    if (request.subresource === 'token' && request.name !== undefined) {
      return { code: 201, body: issueToken(this.cluster.store, request.namespace, request.name, body) };
    }
    const action = () => perform(this.cluster.store, request, mediaType, body);
    return this.cluster.recordingWrites(request, mediaType, headers['user-agent'] ?? '', action);
  }

  /** @throws StatusError 403 for what no Role grants to the user */
  private authorize(request: ApiRequest, user: string | undefined): void {
    const wanted = attributesOf(request);
    if (user !== undefined && !grants(this.cluster.store, user, wanted)) throw refusal(user, request, wanted);
  }

  private checkInstalled({ resource }: ApiRequest): void {
    if (resource.group === CSI_GROUP && !this.cluster.crdInstalled) throw noSuchPath();
  }

  private fail(fault: Fault, target: FaultTarget, response: ServerResponse): string {
    if (fault.do === 'down') this.down();
    else answerWithFault(fault, target, response);
    return fault.do === 'status' ? `fault: ${fault.status}` : `fault: ${fault.do}`;
  }
}

/** As whom the caller acts: an administrator, or whom he impersonates (`as` in a kubeconfig, `kubectl --as`). */
function userOf(headers: IncomingHttpHeaders): string | undefined {
  const user = headers['impersonate-user'];
  return typeof user === 'string' ? user : undefined;
}

function targetOf(request: ApiRequest | undefined, { pathname }: URL): FaultTarget {
  if (request === undefined) return { verb: 'get', resource: pathname === '/version' ? 'version' : 'discovery', name: undefined };
  return { verb: request.verb, resource: request.resource.name, name: request.name ?? request.selector.name };
}

function send(response: ServerResponse, { code, body }: Answer): void {
  response.writeHead(code, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}

function parseBody(bytes: Buffer, mediaType: string, { resource, subresource }: ApiRequest): unknown {
  if (bytes.length === 0) return undefined;
  if (mediaType === PROTOBUF) {
    // All it says is a duration, and a server may give another one than is asked for.
    if (subresource === 'token') return undefined;
    if (resource.name !== 'selfsubjectaccessreviews') throw unsupportedMediaType(mediaType, ['application/json']);
    return decodeAccessReview(bytes);
  }
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown;
  } catch (error) {
    throw badRequest(`the body is not JSON: ${String(error)}`);
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
