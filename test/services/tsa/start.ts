import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Authority } from './authority.js';

/** What a time-stamping authority can do wrong. */
export type Lie =
  | 'another nonce'
  | 'another imprint'
  | 'no certificate'
  | 'an expired certificate'
  | 'no key usage'
  | 'a certificate that it does not name'
  | 'a signature over SHA-1'
  | 'a wrong signature'
  | 'a rejection'
  | 'garbage'
  | 'another content type'
  | 'a redirect'
  | '500'
  | 'hang';

export interface RunningTsa {
  readonly url: string;
  /** The certificate of its root, PEM. */
  readonly caFile: string;
  /** How often it was asked. */
  readonly requests: () => number;
  /** From the next request on; null: the truth again. */
  lie(lie: Lie | null): void;
  stop(): Promise<void>;
}

const TYPE = { query: 'application/timestamp-query', reply: 'application/timestamp-reply' };

/** An RFC 3161 time-stamping authority over HTTP (3.4), on a port of its own: openssl stamps, by certificates of its own root. */
export async function startTsa(name = 'Stand-in'): Promise<RunningTsa> {
  const directory = await mkdtemp(join(tmpdir(), 'tsa-'));
  const authority = await Authority.create(directory, name);
  let lie: Lie | null = null;
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    answer(authority, lie, request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/tsr`,
    caFile: authority.caFile,
    requests: () => requests,
    lie: (next) => void (lie = next),
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(directory, { recursive: true });
    },
  };
}

async function answer(authority: Authority, lie: Lie | null, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  if (request.method !== 'POST' || request.headers['content-type'] !== TYPE.query) return end(response, 415, 'text/plain', '');
  if (lie === 'hang') return;
  if (lie === '500') return end(response, 500, 'text/plain', 'out of order');
  if (lie === 'a redirect') return end(response.setHeader('location', '/elsewhere'), 302, 'text/html', '');
  const reply = await replyOf(authority, lie, Buffer.concat(chunks));
  end(response, 200, lie === 'another content type' ? 'text/html' : TYPE.reply, reply);
}

async function replyOf(
  authority: Authority,
  lie: Exclude<Lie, '500' | 'hang' | 'a redirect'> | null,
  query: Buffer,
): Promise<Uint8Array> {
  switch (lie) {
    case 'garbage':
      return Buffer.from('<html>Log in</html>');
    case 'a rejection':
      return authority.reply(Buffer.from('not a request'));
    case 'an expired certificate':
      return authority.reply(query, { kind: 'expired', options: ['-cades', '-md', 'sha256'] });
    case 'no key usage':
      return authority.reply(query, { kind: 'no key usage', options: ['-cades', '-md', 'sha256'] });
    case 'a certificate that it does not name':
      return authority.reply(query, { kind: 'good', options: ['-md', 'sha256'] });
    case 'a signature over SHA-1':
      return authority.reply(query, { kind: 'good', options: ['-cades', '-md', 'sha1'] });
    case 'another nonce':
      // The request ends with the nonce and certReq, three bytes long.
      return authority.reply(flipped(query, query.length - 4));
    case 'another imprint':
      return authority.reply(flipped(query, query.indexOf(Buffer.from([4, 32])) + 2));
    case 'no certificate': {
      const without = Buffer.from(query.subarray(0, -3));
      without[1] = (without[1] ?? 0) - 3;
      return authority.reply(without);
    }
    case 'a wrong signature': {
      // The signature comes last.
      const reply = await authority.reply(query);
      return flipped(reply, reply.length - 1);
    }
    case 'another content type':
    case null:
      return authority.reply(query);
  }
}

function flipped(bytes: Buffer, at: number): Buffer {
  const other = Buffer.from(bytes);
  other[at] = (other[at] ?? 0) ^ 1;
  return other;
}

function end(response: ServerResponse, status: number, type: string, body: string | Uint8Array): void {
  response.writeHead(status, { 'content-type': type }).end(body);
}
