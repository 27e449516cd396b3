import { parseArgs } from 'node:util';
import { fstatSync } from 'node:fs';

export interface StandIn {
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * Runs a stand-in as a process of its own: parses the flags named in `required` and `optional` (all take a value; `--max-seconds`
 * is always known), starts it, prints `{"url","port"}` on one line when it is ready, and stops it on SIGTERM or SIGINT, after
 * `--max-seconds`, or when stdin, if that is a pipe, is closed: so it never outlives who started it. Wrong flags: exit 64.
 */
export async function runStandIn(
  required: readonly string[],
  optional: readonly string[],
  start: (flags: Readonly<Record<string, string>>) => Promise<StandIn>,
): Promise<void> {
  const flags = readFlags(required, [...optional, 'max-seconds']);
  if (!flags) return;
  const standIn = await start(flags);
  const ended = untilToldToEnd(flags['max-seconds']);
  process.stdout.write(`${JSON.stringify({ url: standIn.url, port: standIn.port })}\n`);
  await ended;
  await standIn.stop();
  process.exit(0);
}

function readFlags(required: readonly string[], optional: readonly string[]): Record<string, string> | undefined {
  try {
    const names = [...required, ...optional];
    const options = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]));
    const flags = parseArgs({ options, strict: true }).values as Record<string, string>;
    const missing = required.filter((name) => flags[name] === undefined);
    if (missing.length > 0) throw new Error(`missing: ${missing.map((name) => `--${name}`).join(', ')}`);
    for (const name of ['port', 'max-seconds']) {
      if (flags[name] !== undefined && !/^\d+$/.test(flags[name])) throw new Error(`--${name} is not a number: "${flags[name]}"`);
    }
    return flags;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 64;
    return undefined;
  }
}

function untilToldToEnd(maxSeconds: string | undefined): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGTERM', () => resolve());
    process.once('SIGINT', () => resolve());
    if (maxSeconds !== undefined) setTimeout(resolve, Number(maxSeconds) * 1000);
    const stdin = fstatSync(0);
    // Node gives a child its stdin as a socket pair, a shell as a FIFO; a terminal or /dev/null says nothing about who started us.
    if (stdin.isFIFO() || stdin.isSocket())
      process.stdin
        .once('end', resolve)
        .once('error', () => resolve())
        .resume();
  });
}
