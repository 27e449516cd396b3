import { InterruptedError } from '../engine/errors.js';
import { SIGNAL_EXIT } from './exit-codes.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * The first signal asks to stop (children are ended, the run keeps its place); a second one ends the process at once, which
 * costs nothing but the tidy end: the watchdogs end the children, and `resume` goes on. The handlers are installed at the
 * first look at the signal, so that a command that looks at nothing ends as any other program does.
 */
export function createInterruption(process: NodeJS.Process): { readonly signal: AbortSignal } {
  let controller: AbortController | null = null;
  const install = () => {
    const created = new AbortController();
    for (const name of SIGNALS) {
      process.on(name, () => {
        if (created.signal.aborted) process.exit(SIGNAL_EXIT[name]);
        process.stderr.write(`\n${name}: stopping; once more to stop at once.\n`);
        created.abort(new InterruptedError(name));
      });
    }
    return created;
  };
  return {
    get signal() {
      controller ??= install();
      return controller.signal;
    },
  };
}
