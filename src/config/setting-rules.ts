import { refersToProduction } from './production-patterns.js';

/** A judged value: `value` when it is good, otherwise what is wrong with it and what to do. */
export type Judged<T> = { readonly value: T } | { readonly fault: string; readonly advice: string };

/** Form only; whether AWS has such a region is seen when it is asked. Covers aws-us-gov, aws-iso and aws-eusc. */
export function judgeRegion(text: string): Judged<string> {
  return /^[a-z]{2,4}(?:-[a-z]+){1,2}-\d{1,2}$/.test(text)
    ? { value: text }
    : { fault: `${quoted(text)} is not the name of an AWS region`, advice: 'Set AWS_REGION to one such as ap-northeast-2.' };
}

/** Source: Amazon S3 user guide, "General purpose bucket naming rules". */
export function judgeBucket(text: string): Judged<string> {
  const fault =
    text.length < 3 || text.length > 63
      ? 'has not between 3 and 63 characters'
      : !/^[a-z0-9][a-z0-9.-]*[a-z0-9]$/.test(text)
        ? 'may hold lower-case letters, digits, dots and hyphens only, and begins and ends with a letter or digit'
        : text.includes('..')
          ? 'has two dots in a row'
          : /^\d+\.\d+\.\d+\.\d+$/.test(text)
            ? 'looks like an IP address'
            : /^(?:xn--|sthree-|amzn-s3-demo-)|(?:-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/.test(text)
              ? 'uses a prefix or suffix that S3 keeps for itself'
              : null;
  if (fault === null) return { value: text };
  return { fault: `${quoted(text)} ${fault}`, advice: 'Set DPP_WORM_BUCKET to the name alone, without s3:// and key.' };
}

/** Trailing slashes are dropped. Only characters that S3 calls safe in keys, and room for the run's own part of the key. */
export function judgePrefix(text: string): Judged<string> {
  const prefix = text.replace(/\/+$/, '');
  const parts = prefix.split('/');
  const fault =
    prefix === ''
      ? 'is empty without its slash'
      : !/^[\w!.*'()/-]+$/.test(prefix)
        ? "may hold letters, digits and _ ! . * ' ( ) / - only"
        : parts.some((part) => part === '' || part === '.' || part === '..')
          ? 'begins with a slash, or has an empty, "." or ".." part'
          : prefix.length > 900
            ? 'is longer than 900 characters'
            : null;
  if (fault === null) return { value: prefix };
  return { fault: `${quoted(text)} ${fault}`, advice: 'Set DPP_WORM_PREFIX to a path such as evidence/cutover.' };
}

/** Days, as S3 counts them: 1 to 36500 (a hundred years, the limit of a bucket's default retention). */
export function judgeRetentionDays(text: string): Judged<number> {
  const days = /^[1-9][0-9]*$/.test(text) ? Number(text) : NaN;
  if (days <= 36_500) return { value: days };
  return {
    fault: `${quoted(text)} is not a whole number of days between 1 and 36500`,
    advice: 'Set DPP_WORM_RETENTION_DAYS in decimal digits, such as 365.',
  };
}

/** http or https, without credentials, query and fragment, and not production. The trailing slash is dropped. */
export function judgeStagingUrl(text: string): Judged<string> {
  const advice = 'Set DPP_STAGING_BASE_URL to one such as https://staging.api.dpp.example.com.';
  const judged = judgeUrl(text, advice, `${advice} ${NO_CREDENTIALS}`);
  if ('fault' in judged) return judged;
  if (/[\s?#]/.test(text)) return { fault: `${quoted(text)} has a query, a fragment or white space`, advice };
  const production = refersToProduction(text);
  if (production !== null) return { fault: `${quoted(text)} refers to production (${quoted(production)})`, advice };
  return { value: judged.value.href.replace(/\/+$/, '') };
}

/** Source: RFC 1123 label, as Kubernetes wants it of a namespace. */
export function judgeNamespace(text: string): Judged<string> {
  const advice = 'Set DPP_K8S_NAMESPACE to the staging namespace, or leave it unset for dpp-staging.';
  if (!/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(text))
    return { fault: `${quoted(text)} is not the name of a namespace`, advice };
  const production = refersToProduction(text);
  if (production !== null) return { fault: `${quoted(text)} refers to production (${quoted(production)})`, advice };
  return { value: text };
}

/** `CONFIGMAP/KEY`, separated by commas, each in full. Source: the Kubernetes documentation of ConfigMaps, and RFC 1123 subdomains. */
export function judgeBinaryConfigMapKeys(text: string): Judged<readonly string[]> {
  const keys = text.split(',').map((key) => key.trim());
  const wrong = keys.find((key) => !/^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?\/[\w.-]{1,253}$/.test(key));
  if (wrong === undefined) return { value: keys };
  return {
    fault: `${quoted(wrong)} is not CONFIGMAP/KEY`,
    advice:
      'Set CUTOVER_BINARY_CONFIGMAP_KEYS to such as dpp-trust/truststore.jks, several separated by commas, or leave it unset.',
  };
}

/** The SDK takes it as it is; a wrong one would send evidence to a place that nobody meant. */
export function judgeEndpoint(text: string): Judged<string> {
  const judged = judgeUrl(text, 'Unset it, unless an S3 or STS service other than AWS is meant.');
  return 'fault' in judged ? judged : { value: text };
}

/** http or https (a token is signed by itself), without credentials, query and fragment: it is shown in the evidence. */
export function judgeTsaUrl(text: string): Judged<string> {
  const advice = 'Set CUTOVER_TSA_URL to that of an RFC 3161 authority, such as https://tsa.example.com/tsr, or unset it.';
  const judged = judgeUrl(text, advice, `${advice} ${NO_CREDENTIALS}`);
  if ('fault' in judged) return judged;
  if (/[\s?#]/.test(text)) return { fault: 'the URL has a query, a fragment or white space (not shown here)', advice };
  return { value: judged.value.href };
}

/** It stands on lines of its own in scope and summary. */
export function judgeChangeTicket(text: string): Judged<string> {
  const ticket = text.trim();
  if (ticket.length <= 200 && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(ticket)) return { value: ticket };
  return {
    fault: `${quoted(text)} is not one line of at most 200 characters`,
    advice: 'Give the name or the link of the change ticket alone (--ticket, CUTOVER_CHANGE_TICKET).',
  };
}

const NO_CREDENTIALS = 'Credentials do not belong into evidence.';

function judgeUrl(text: string, advice: string, withoutCredentials = advice): Judged<URL> {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return { fault: `${quoted(text)} is not a URL`, advice };
  }
  if (url.username !== '' || url.password !== '') {
    return { fault: 'the URL holds credentials (not shown here)', advice: withoutCredentials };
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return { fault: `${quoted(text)} is not http or https`, advice };
  return { value: url };
}

/** In quotes, so that a blank at the end is seen. */
export function quoted(text: string): string {
  return JSON.stringify(text);
}
