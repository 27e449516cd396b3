import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** `before`: nothing of the next request reaches the server. `during`: half of its first bytes do. `after`: its answer reaches nobody. */
export type Cut = 'before' | 'during' | 'after';

export interface CuttingRelay {
  readonly url: string;
  /** Cuts the connection at which a request comes next. */
  cut(at: Cut): void;
  stop(): Promise<void>;
}

/** Relays TCP to a server on this machine that cannot be told to cut connections itself. */
export async function startCuttingRelay(serverUrl: string): Promise<CuttingRelay> {
  const { hostname, port } = new URL(serverUrl);
  const sockets = new Set<Socket>();
  let next: Cut | null = null;
  const relay = createServer((client) => {
    const server = connect(Number(port), hostname);
    let answerIsCut = false;
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(socket);
      // A client that was killed resets its connection.
      socket.once('error', () => other.destroy());
      socket.once('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    client.on('data', (chunk: Buffer) => {
      const cut = /^(?:GET|HEAD|PUT|POST|DELETE) /.test(chunk.toString('latin1', 0, 8)) ? next : null;
      if (cut !== null) next = null;
      if (cut === 'before') return void client.resetAndDestroy();
      if (cut === 'during') return void server.write(chunk.subarray(0, chunk.length / 2), () => client.resetAndDestroy());
      if (cut === 'after') answerIsCut = true;
      server.write(chunk);
    });
    server.on('data', (chunk: Buffer) => {
      if (answerIsCut && !chunk.toString('latin1', 0, 12).startsWith('HTTP/1.1 100')) client.resetAndDestroy();
      else client.write(chunk);
    });
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  return {
    url: `http://127.0.0.1:${(relay.address() as AddressInfo).port}`,
    cut: (at) => (next = at),
    async stop() {
      for (const socket of sockets) socket.destroy();
      await once(relay.close(), 'close');
    },
  };
}
