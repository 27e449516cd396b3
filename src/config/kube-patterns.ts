import { refersToProduction } from './production-patterns.js';
import { quoted } from './setting-rules.js';
import type { Check } from './step-contracts.js';

export interface KubeTarget {
  readonly context: string;
  /** The API server's URL. */
  readonly server: string;
  /** `--context-ok NAME`. */
  readonly contextOk: string | null;
}

/**
 * Runbook pre-condition 4: the kube context is staging's. Neither its name nor its server may refer to production, whatever
 * the operator vouches for; a name that does not say staging must be vouched for by exactly that name.
 */
export function judgeKubeTarget({ context, server, contextOk }: KubeTarget): Check {
  const name = 'kube context is staging';
  const choose = 'Choose the staging context: kubectl config use-context NAME.';
  const inName = refersToProduction(context);
  if (inName !== null) {
    return { name, ok: false, message: `context ${quoted(context)} refers to production (${quoted(inName)})`, advice: choose };
  }
  const inServer = refersToProduction(server);
  if (inServer !== null) {
    const message = `context ${quoted(context)} leads to ${server}, which refers to production (${quoted(inServer)})`;
    return { name, ok: false, message, advice: choose };
  }
  if (hasStagingMarker(context)) return { name, ok: true, message: `${context} at ${server}`, advice: null };
  if (contextOk === context) {
    return { name, ok: true, message: `${context} at ${server}, vouched for with --context-ok`, advice: null };
  }
  const vouched = contextOk === null ? '' : `, and --context-ok vouches for ${quoted(contextOk)}`;
  return {
    name,
    ok: false,
    message: `context ${quoted(context)} (${server}) does not say that it is staging${vouched}`,
    advice: `${choose} If this is the one, vouch for it: --context-ok ${quoted(context)}.`,
  };
}

/** `staging`, `stage` or `stg` as a part of the name: `backstage` says nothing. */
export function hasStagingMarker(name: string): boolean {
  return /(?<![a-z])(?:staging|stage|stg)(?![a-z])/i.test(name) || /(?<=[a-z0-9])(?:Staging|Stage|Stg)(?![a-z])/.test(name);
}
