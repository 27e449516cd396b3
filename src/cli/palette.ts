import pc from 'picocolors';
import type { Terminal } from './io.js';

export type Palette = ReturnType<typeof pc.createColors>;

/**
 * Colours for a terminal. Source: no-color.org (NO_COLOR, not empty), force-color.org (FORCE_COLOR; 0 turns them off). `--no-color`
 * is stronger than both, since it was given for this one call.
 */
export function paletteFor(terminal: Terminal, env: NodeJS.ProcessEnv, color: boolean): Palette {
  return pc.createColors(color && wanted(terminal, env));
}

function wanted(terminal: Terminal, env: NodeJS.ProcessEnv): boolean {
  if (env['NO_COLOR']) return false;
  const force = env['FORCE_COLOR'];
  if (force !== undefined) return !['0', 'false'].includes(force);
  return terminal.isTTY === true && env['TERM'] !== 'dumb';
}
