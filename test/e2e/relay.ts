import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** `half sent`: half of a part has reached the server. `stored`: the server has made the version of it, and nobody was told. */
export type Moment = 'half sent' | 'stored';

export interface Relay {
  readonly url: string;
  /** Stops relaying in the middle of the next upload of an object of this name; resolves at that moment. */
  holdUpload(name: string, at: Moment): Promise<void>;
  stop(): Promise<void>;
}

/** Relays TCP to an HTTP server on this machine, so that a test can end a client at an exact moment of its request. */
export async function startRelay(serverUrl: string): Promise<Relay> {
  const { hostname, port } = new URL(serverUrl);
  let hold: Hold | null = null;
  const sockets = new Set<Socket>();
  const relay = createServer((client) => {
    const server = connect(Number(port), hostname);
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(socket);
      // A client that was killed resets its connection: that is what this is for.
      socket.once('error', () => other.destroy());
      socket.once('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    let held: Hold | null = null;
    client.on('data', (chunk: Buffer) => {
      if (hold !== null && isAt(chunk, hold)) [held, hold] = [hold, null];
      server.write(held?.at === 'half sent' ? held.half(chunk) : chunk);
    });
    server.on('data', (chunk: Buffer) => {
      if (held === null || isContinue(chunk)) client.write(chunk);
      else held.reached();
    });
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  return {
    url: `http://127.0.0.1:${(relay.address() as AddressInfo).port}`,
    holdUpload: (name, at) => new Promise((reached) => (hold = new Hold(name, at, reached))),
    async stop() {
      for (const socket of sockets) socket.destroy();
      await once(relay.close(), 'close');
    },
  };
}

class Hold {
  private head = '';
  private rest: number | null = null;

  constructor(
    readonly name: string,
    readonly at: Moment,
    readonly reached: () => void,
  ) {}

  /** What of the chunk belongs to the head and the first half of the body. */
  half(chunk: Buffer): Buffer {
    let start = 0;
    if (this.rest === null) {
      const before = this.head.length;
      this.head += chunk.toString('latin1');
      const end = this.head.indexOf('\r\n\r\n');
      if (end < 0) return chunk;
      const length = Number(/\r\ncontent-length: *(\d+)/i.exec(this.head)?.[1]);
      if (!(length > 1)) throw new Error(`a PUT without a length, or with nothing to halve: ${this.head.slice(0, end)}`);
      this.rest = Math.floor(length / 2);
      start = end + 4 - before;
    }
    const sent = Math.min(chunk.length - start, this.rest);
    this.rest -= sent;
    if (this.rest === 0) this.reached();
    return chunk.subarray(0, start + sent);
  }
}

/** A part comes by PUT; the version is made by the POST that names the upload. */
function isAt(chunk: Buffer, { name, at }: Hold): boolean {
  const request = at === 'stored' ? /^POST [^? ]*\/([^/? ]+)\?(?:\S*&)?uploadId=/ : /^PUT [^? ]*\/([^/? ]+)[? ]/;
  return request.exec(chunk.toString('latin1', 0, 2000))?.[1] === name;
}

function isContinue(chunk: Buffer): boolean {
  return /^HTTP\/1\.1 100 [^\r]*\r\n\r\n$/.test(chunk.toString('latin1'));
}
