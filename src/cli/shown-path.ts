import { isAbsolute, relative } from 'node:path';

/** As people see it: relative to the directory of the run where it is inside. */
export function shownPath(directory: string, path: string): string {
  const inside = relative(directory, path);
  return inside.startsWith('..') || isAbsolute(inside) ? path : inside;
}
