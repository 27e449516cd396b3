import { accessSync, constants, statSync } from 'node:fs';
import type { FileFacts } from '../../config/parse-settings.js';

/** The file system, for what the settings name. */
export const realFiles: FileFacts = {
  exists: (path) => allows(() => statSync(path).isFile()),
  isExecutable: (path) =>
    allows(() => {
      accessSync(path, constants.X_OK);
      return true;
    }),
};

/** A path that cannot be looked at is none that could be run: the check says so. */
function allows(look: () => boolean): boolean {
  try {
    return look();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP', 'ENAMETOOLONG'].includes((error as NodeJS.ErrnoException).code ?? ''))
      return false;
    throw error;
  }
}
