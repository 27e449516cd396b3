/**
 * The stand-in as a process:
 *
 *   node main.js [--port 0] [--kubeconfig-out FILE] [--context NAME] [--namespace NS] [--log FILE] [--max-seconds N]
 *
 * Prints `{"url": ..., "port": ...}` on one line when it listens. Ends on SIGTERM or SIGINT, after `--max-seconds`
 * (default 3600), and when its standard input closes, if that is a pipe: so it does not outlive the process that started it.
 */
import { fstatSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startKubernetes } from './start.js';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    'kubeconfig-out': { type: 'string' },
    context: { type: 'string', default: 'dpp-staging' },
    namespace: { type: 'string', default: 'dpp-staging' },
    log: { type: 'string' },
    'max-seconds': { type: 'string', default: '3600' },
  },
});

const kubernetes = await startKubernetes({
  port: wholeNumber('port'),
  context: values.context,
  namespace: values.namespace,
  ...(values.log !== undefined && { logFile: values.log }),
});
if (values['kubeconfig-out'] !== undefined) await kubernetes.writeKubeconfig(values['kubeconfig-out']);

const end = () => {
  kubernetes.stop();
  process.exit(0);
};
process.once('SIGTERM', end);
process.once('SIGINT', end);
setTimeout(end, wholeNumber('max-seconds') * 1000);
const stdin = fstatSync(0);
// Node gives its children a socket pair for a pipe.
if (stdin.isFIFO() || stdin.isSocket()) process.stdin.once('close', end).resume();

console.log(JSON.stringify({ url: kubernetes.url, port: kubernetes.port }));

function wholeNumber(option: 'port' | 'max-seconds'): number {
  const value = Number(values[option]);
  if (!Number.isInteger(value) || value < 0) throw new Error(`--${option} must be a whole number, not ${values[option]}`);
  return value;
}
