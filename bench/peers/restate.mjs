import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import * as restate from '@restatedev/restate-sdk';

/**
 * Milliseconds of each of `argv[2]` invocations of a handler with ten steps that do nothing, one after the other, on a Restate server
 * of its own on the loopback interface. Prints them as JSON. Source: Restate's documentation of server, SDK and admin API.
 */
const runs = Number(process.argv[2]);
const directory = mkdtempSync(join(tmpdir(), 'cutover-bench-restate-'));
const steps = restate.service({
  name: 'steps',
  handlers: {
    ten: async (ctx) => {
      for (let step = 0; step < 10; step += 1) await ctx.run(`step${step}`, () => step);
    },
  },
});
const endpoint = createServer(restate.createEndpointHandler({ services: [steps] }));
endpoint.listen(0, '127.0.0.1');
await once(endpoint, 'listening');

const [ingress, admin, node] = [18080, 19070, 15122];
const server = spawn(
  join(import.meta.dirname, 'node_modules/.bin/restate-server'),
  ['--no-logo', '--base-dir', directory, '--node-name', 'bench', '--listen-mode', 'tcp', '--bind-ip', '127.0.0.1'],
  {
    stdio: 'ignore',
    // The command is a wrapper that starts the server: both are ended as a group.
    detached: true,
    env: {
      ...process.env,
      RESTATE_BIND_PORT: String(node),
      RESTATE_ADVERTISED_HOST: '127.0.0.1',
      RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ingress}`,
      RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${admin}`,
      RESTATE_LOG_FILTER: 'warn',
      RESTATE_DISABLE_TELEMETRY: 'true',
    },
  },
);
// However this ends: in a group of its own the server would outlive it.
process.once('exit', () => {
  process.kill(-server.pid, 'SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));

const body = JSON.stringify({ uri: `http://127.0.0.1:${endpoint.address().port}` });
await untilAnswered(`http://127.0.0.1:${admin}/deployments`, body);
const times = [];
for (let run = -10; run < runs; run += 1) {
  const began = performance.now();
  await post(`http://127.0.0.1:${ingress}/steps/ten`, 'null');
  if (run >= 0) times.push(performance.now() - began);
}
console.log(JSON.stringify(times));
process.exit(0);

async function post(url, json) {
  const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: json });
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  await answer.text();
}

async function untilAnswered(url, json) {
  for (let tries = 0; ; tries += 1) {
    try {
      return await post(url, json);
    } catch (error) {
      if (tries > 300 || server.exitCode !== null) throw error;
    }
    await delay(100);
  }
}
