import { resolve } from 'node:path';
import type { FoundSiteFile } from '../config/effective-settings.js';
import { knownSecrets } from '../evidence/known-secrets.js';
import { settingsFile } from './settings-file.js';
import { shownPath } from './shown-path.js';

/** Looked for in the directory of the run when no other one is named. */
export const CONFIG_FILE = 'cutover.config.yaml';

export interface SiteFileOptions {
  readonly directory: string;
  readonly env: NodeJS.ProcessEnv;
  /** `--config FILE`; null: not given. CUTOVER_CONFIG names one, too. */
  readonly named: string | null;
}

/**
 * The configuration file: the named one, else `cutover.config.yaml` in the directory if that is there, else none. Throws
 * `UsageError` for a file that can't be read, a named one that is missing included, and `YamlFileError` for one that can't be taken.
 */
export async function loadSite({ directory, env, named }: SiteFileOptions): Promise<FoundSiteFile | null> {
  const name = named ?? configVariable(env);
  return readSite(resolve(directory, name ?? CONFIG_FILE), { directory, env, mayBeMissing: name === null });
}

/** The file that CUTOVER_CONFIG names; null: it is not set. */
export function configVariable(env: NodeJS.ProcessEnv): string | null {
  return env['CUTOVER_CONFIG']?.trim() ? env['CUTOVER_CONFIG'] : null;
}

/** As `loadSite`, of one file. Null: it is missing, and may be. */
export async function readSite(
  path: string,
  { directory, env, mayBeMissing }: { directory: string; env: NodeJS.ProcessEnv; mayBeMissing: boolean },
): Promise<FoundSiteFile | null> {
  const advice = 'Restore it, or name another one: --config FILE.';
  const bytes = settingsFile(path, { what: 'The configuration', mayBeMissing, advice });
  if (bytes === null) return null;
  const { parseSiteFile } = await import('../config/site-file.js');
  return { ...parseSiteFile(path, bytes, knownSecrets(env)), path, shown: shownPath(directory, path) };
}
