import { resolve } from 'node:path';
import { effectiveSettings, type EffectiveSettings } from '../config/effective-settings.js';
import { EVIDENCE_ROOT_SETTING, settingOf, SITE_SETTINGS } from '../config/setting-names.js';
import { RUN_VARIABLES, type RunRequest, type RunVariable } from '../config/settings.js';
import type { Difference } from './errors.js';
import { ENDPOINTS } from './frozen-variables.js';
import type { Io } from './io.js';
import { CONFIG_FILE, configVariable, readSite } from './load-site.js';

/**
 * Settings that are set now to something else than at start. A variable that is not set now counts as frozen, so that a run can
 * go on in a fresh shell; what the environment or an option said then, no file unsays. The configuration file must be there if it
 * was, and say the same. With `endpoints`, the SDK's endpoints are compared too, strictly: only where no `World` says what they
 * were. Throws `UsageError` and `YamlFileError` for a file that can't be read.
 */
export async function settingDifferences(frozen: RunRequest, endpoints: boolean, io: Io): Promise<Difference[]> {
  const { directory } = frozen;
  const named = configVariable(io.env);
  const path = named === null ? (frozen.configFile ?? resolve(directory, CONFIG_FILE)) : resolve(io.cwd, named);
  const file = await readSite(path, { directory, env: io.env, mayBeMissing: named === null });
  const now = effectiveSettings({ directory, file, env: io.env, flags: {} });
  const gone =
    file === null && frozen.configFile !== null ? [difference('configuration file', frozen.configFile, '(missing)')] : [];
  return [
    ...gone,
    ...RUN_VARIABLES.filter((name) => isCompared(name, frozen, now, endpoints)).flatMap((name) =>
      differences(name, frozen.variables[name], now.variables[name]),
    ),
    ...(file === null ? [] : siteDifferences(frozen, now)),
  ];
}

function isCompared(name: RunVariable, frozen: RunRequest, now: EffectiveSettings, endpoints: boolean): boolean {
  if (ENDPOINTS.includes(name)) return endpoints;
  const setting = settingOf(name).name;
  const saidThen = frozen.origins[setting]?.from;
  const filed = now.origins[setting]?.from === 'file';
  if (now.variables[name] !== undefined && !filed) return true;
  if (saidThen === 'env' || saidThen === 'flag') return false;
  return filed || (saidThen === 'file' && now.configFile !== null);
}

function siteDifferences(frozen: RunRequest, now: EffectiveSettings): Difference[] {
  const root =
    frozen.origins[EVIDENCE_ROOT_SETTING]?.from === 'flag'
      ? []
      : differences(EVIDENCE_ROOT_SETTING, frozen.evidenceRoot, now.evidenceRoot);
  return [...SITE_SETTINGS.flatMap(({ name, key }) => differences(name, shown(frozen.site[key]), shown(now.site[key]))), ...root];
}

function differences(what: string, frozen: string | undefined, now: string | undefined): Difference[] {
  return frozen === now ? [] : [difference(what, shownVariable(frozen), shownVariable(now))];
}

function difference(what: string, frozen: string, now: string): Difference {
  return { what, frozen, now };
}

function shown(value: string | boolean | readonly string[]): string {
  return Array.isArray(value) ? value.join(', ') : String(value);
}

function shownVariable(value: string | undefined): string {
  if (value === undefined) return '(not set)';
  return value === '' ? '(empty)' : value;
}
