import { resolve } from 'node:path';
import type { CommandFile } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { reading } from '../with-run.js';

export interface BackupOptions {
  /** Absolute; must not exist. */
  readonly file: string;
}

/** A consistent copy of the database while it is in use; checked before it gets its name. */
export const backup: CommandFile<BackupOptions> = {
  define: (command) => void command.argument('<file>', 'the copy; never overwritten'),
  examples: ['cutover backup /backup/cutover-2026-02-21.db'],
  parse: ([file], _raw, io) => ({ file: resolve(io.cwd, file ?? '') }),
  async run(options, io) {
    await reading(options, 'backup', io, ({ store }) => store.backup(options.file));
    if (options.json) io.stdout.write(`${JSON.stringify({ file: options.file })}\n`);
    else
      io.stdout.write(`Copied ${options.db} to ${options.file}, checked.\nLook at it with: cutover list --db ${options.file}\n`);
    return EXIT.ok;
  },
};
