import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A request as it came in, whatever was answered. */
export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * How a request is answered: with a status, with a redirect to `location`, with two answers in a row, not at all (`hang`, until
 * `release`), or by an end of the connection (`cut`).
 */
export type Reply = number | 'hang' | 'cut' | 'twice' | { readonly location: string };

/** A receiver of messages on 127.0.0.1 that does as it is told. */
export class Receiver {
  readonly requests: ReceivedRequest[] = [];
  readonly #replies: Reply[] = [];
  readonly #held: ServerResponse[] = [];
  readonly #waiting: (() => void)[] = [];

  private constructor(private readonly server: Server) {}

  static async start(): Promise<Receiver> {
    const server = createServer((request, response) => void receiver.#receive(request, response));
    const receiver = new Receiver(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/hooks/f00d`;
  }

  get host(): string {
    return new URL(this.url).host;
  }

  /** How the next requests are answered, one after the other; all others with 204. */
  reply(...replies: readonly Reply[]): void {
    this.#replies.push(...replies);
  }

  /** Resolves when so many requests have come in. */
  async received(count: number): Promise<void> {
    while (this.requests.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Answers what hangs. */
  release(status = 204): void {
    for (const response of this.#held.splice(0)) response.writeHead(status).end();
  }

  async stop(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = request;
    const body = await text(request);
    this.requests.push({ method, path: url, headers: headers as Record<string, string>, body });
    this.#answer(this.#replies.shift() ?? 204, request, response);
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #answer(reply: Reply, { socket }: IncomingMessage, response: ServerResponse): void {
    if (typeof reply === 'object') return void response.writeHead(307, { location: reply.location }).end();
    switch (reply) {
      case 'hang':
        return void this.#held.push(response);
      case 'cut':
        return void socket.resetAndDestroy();
      case 'twice':
        return void socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 500 Late\r\ncontent-length: 0\r\n\r\n');
      default:
        return void response.writeHead(reply, { 'content-type': 'text/plain' }).end('noted');
    }
  }
}
