import { realFiles } from '../../actors/preconditions/files.js';
import { parseSettings } from '../../config/parse-settings.js';
import { EVIDENCE_ROOT_SETTING, SITE_SETTINGS, VARIABLE_SETTINGS } from '../../config/setting-names.js';
import type { RunRequest } from '../../config/settings.js';
import type { Origin } from '../../config/site.js';
import { knownSecrets } from '../../evidence/known-secrets.js';
import { jsonRedactor } from '../../evidence/redact-json.js';
import { defineBegin, parseRequest } from '../begin-run.js';
import { oneOf, text, type CommandFile, type CommonOptions } from '../command.js';
import { EXIT } from '../exit-codes.js';
import type { Io } from '../io.js';
import { policyPath } from '../load-policy.js';
import { shownPath } from '../shown-path.js';
import { oneLine, table } from '../table.js';

export interface ConfigOptions {
  readonly request: RunRequest;
  /** Where the policy is, or would be: absolute. */
  readonly policyFile: string;
}

/** What `start` would freeze, and where each value is from. Creates nothing and asks nobody. */
export const config: CommandFile<ConfigOptions> = {
  define(command) {
    command.argument('<what>', 'show: every setting, its value, and where that is from');
    defineBegin(command);
  },
  examples: ['cutover config show', 'cutover config show --config site/staging.yaml', 'cutover config show --json'],
  async parse([what], raw, io) {
    oneOf(what ?? '', ['show'], 'What to do with the configuration');
    return { request: await parseRequest(raw, io), policyFile: policyPath(io.cwd, text(raw, 'policy') ?? null) };
  },
  run(options, io) {
    const settings = jsonRedactor(knownSecrets(io.env))(settingsOf(options.request, io.env));
    const ok = settings.every(({ fault }) => fault === null);
    if (options.json) io.stdout.write(`${JSON.stringify({ ok, ...facts(options), settings })}\n`);
    else show(settings, options, io);
    return Promise.resolve(ok ? EXIT.ok : EXIT.failed);
  },
};

interface ShownSetting {
  readonly name: string;
  /** The variable that says the same; null: there is none. */
  readonly variable: string | null;
  /** Null: there is none, or it is not valid. */
  readonly value: string | number | boolean | readonly string[] | null;
  /** Null: the default. */
  readonly origin: Origin | null;
  readonly fault: string | null;
  readonly advice: string | null;
}

function settingsOf(request: RunRequest, env: NodeJS.ProcessEnv): ShownSetting[] {
  const accessKeyInEnvironment = Boolean(env['AWS_ACCESS_KEY_ID']?.trim());
  const { valid, checks } = parseSettings(request, realFiles, { accessKeyInEnvironment });
  const { site, origins, evidenceRoot } = request;
  const good = { fault: null, advice: null };
  return [
    ...SITE_SETTINGS.map(({ name, key }) => ({ name, variable: null, value: site[key], origin: origins[name] ?? null, ...good })),
    { name: EVIDENCE_ROOT_SETTING, variable: null, value: evidenceRoot, origin: origins[EVIDENCE_ROOT_SETTING] ?? null, ...good },
    ...VARIABLE_SETTINGS.map(({ name, variable, key }): ShownSetting => {
      const failed = checks.find((check) => check.name === variable && !check.ok);
      const value = key === null ? request.variables[variable] : valid[key];
      return {
        name,
        variable,
        value: failed === undefined ? (value ?? null) : null,
        origin: origins[name] ?? null,
        fault: failed?.message ?? null,
        advice: failed?.advice ?? null,
      };
    }),
  ];
}

function facts({ request, policyFile }: ConfigOptions) {
  const { sha256 } = request.policy;
  return { config_file: request.configFile, policy: sha256 === null ? null : { file: policyFile, sha256 } };
}

function show(settings: readonly ShownSetting[], options: ConfigOptions & CommonOptions, io: Io): void {
  const { palette, request } = options;
  const { config_file: file, policy } = facts(options);
  const shown = (path: string) => shownPath(request.directory, path);
  const rows = settings.map(({ name, value, origin, fault }) => [
    name,
    originText(origin),
    fault === null ? oneLine(valueText(value)) : palette.red(`FAULT: ${oneLine(fault)}`),
  ]);
  const faults = settings.filter(({ fault }) => fault !== null);
  const lines = [
    ...table([['SETTING', 'FROM', 'VALUE'], ...rows]),
    '',
    `Configuration: ${file === null ? 'no file' : shown(file)}`,
    `Policy: ${policy === null ? 'no file' : `${shown(policy.file)}, SHA-256 ${policy.sha256}`}`,
    ...(faults.length === 0 ? [] : ['', 'What to do:']),
    ...faults.map(({ name, advice }) => `  ${name}: ${oneLine(advice ?? '')}`),
  ];
  io.stdout.write(`${lines.join('\n')}\n`);
}

function valueText(value: ShownSetting['value']): string {
  if (value === null || (Array.isArray(value) && value.length === 0)) return '-';
  return Array.isArray(value) ? value.join(', ') : String(value);
}

function originText(origin: Origin | null): string {
  if (origin === null) return 'default';
  return origin.from === 'file' ? origin.where : `${origin.from} ${origin.where}`;
}
