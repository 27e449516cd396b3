import { resolve } from 'node:path';
import { EVIDENCE_ROOT_SETTING, settingOf, SITE_SETTINGS } from './setting-names.js';
import { RUN_VARIABLES, type RunRequest, type RunVariable } from './settings.js';
import { PILOT_SITE, type Origin, type Site } from './site.js';
import type { SiteFile } from './site-file.js';

/** A configuration file where it was found. */
export interface FoundSiteFile extends SiteFile {
  /** Absolute. */
  readonly path: string;
  /** As people see it. */
  readonly shown: string;
}

/** Where settings are from, the later ones before the earlier: file, environment, options. */
export interface SettingSources {
  readonly directory: string;
  readonly file: FoundSiteFile | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly flags: Flags;
}

/** Options that stand for settings; undefined where one was not given. */
export interface Flags {
  readonly evidenceRoot?: string | undefined;
  readonly tsa?: string | undefined;
  readonly ticket?: string | undefined;
}

export type EffectiveSettings = Pick<RunRequest, 'variables' | 'site' | 'evidenceRoot' | 'configFile' | 'origins'>;

/**
 * What counts: defaults < file < environment < options, setting by setting. Variables stay raw strings: `parseSettings` judges
 * them. A variable that is blank gives way to the file, as it counts as not set.
 */
export function effectiveSettings({ directory, file, env, flags }: SettingSources): EffectiveSettings {
  const origins: Record<string, Origin> = {};
  const variables: Partial<Record<RunVariable, string>> = {};
  const fromFile = (name: string): Origin => ({ from: 'file', where: `${file?.shown}:${file?.lines[name]}` });
  const given: Partial<Record<RunVariable, [string | undefined, string]>> = {
    CUTOVER_TSA_URL: [flags.tsa, '--tsa'],
    CUTOVER_CHANGE_TICKET: [flags.ticket, '--ticket'],
  };
  for (const variable of RUN_VARIABLES) {
    const { name } = settingOf(variable);
    const [flag, option] = given[variable] ?? [];
    const said = env[variable];
    const filed = file?.variables[variable];
    if (flag !== undefined && option !== undefined) {
      variables[variable] = flag;
      origins[name] = { from: 'flag', where: option };
    } else if (said !== undefined && (said.trim() !== '' || filed === undefined)) {
      variables[variable] = said;
      if (said.trim() !== '') origins[name] = { from: 'env', where: variable };
    } else if (filed !== undefined) {
      variables[variable] = filed;
      origins[name] = fromFile(name);
    }
  }
  const site: Site = { ...PILOT_SITE, ...file?.site };
  for (const { name, key } of SITE_SETTINGS) if (file?.site[key] !== undefined) origins[name] = fromFile(name);
  if (flags.evidenceRoot !== undefined) origins[EVIDENCE_ROOT_SETTING] = { from: 'flag', where: '--evidence-root' };
  else if (file !== null && file.evidenceRoot !== null) origins[EVIDENCE_ROOT_SETTING] = fromFile(EVIDENCE_ROOT_SETTING);
  const evidenceRoot = flags.evidenceRoot ?? file?.evidenceRoot ?? evidenceRootOf(site);
  return { variables, site, evidenceRoot: resolve(directory, evidenceRoot), configFile: file?.path ?? null, origins };
}

/** From the directory. Source: the runbook, "Evidence Structure". */
export function evidenceRootOf({ keyFolder }: Pick<Site, 'keyFolder'>): string {
  return `dpp/evidence/${keyFolder}`;
}
