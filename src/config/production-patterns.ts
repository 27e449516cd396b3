/**
 * The part of a name, URL or path that refers to production, or null. `prod`, `prd` and `production` count as parts of a
 * name (`prod-db`, `db.prod.example.com`, `/prod/api`, `prod2`, `dppProd`, `prodDb`), not inside of other words (`product`,
 * `reproduce`). What says that it is not production does not count: `nonprod`, `non-prod`, `not production`, `preprod`,
 * `pre-production`. In doubt the answer is production: the callers fail closed.
 */
export function refersToProduction(text: string): string | null {
  for (const pattern of [NAME_PART, CAMEL_CASE]) {
    const match = pattern.exec(text);
    if (match !== null) return match[0];
  }
  return null;
}

/** A negation must stand at the word itself: `/pre/prod/` is production. */
const NAME_PART =
  /(?<![a-z0-9])(?<!(?<![a-z0-9])(?:non|no|not|pre)(?:[-_]|[ \t]+)(?:an?[ \t]+|the[ \t]+)?)(?:production|prod|prd)\d{0,4}(?![a-z0-9])/i;

const CAMEL_CASE =
  /(?<=[A-Za-z0-9])(?<!non|not|pre|Non|Not|Pre|NON|NOT|PRE)(?:Production|Prod|Prd)(?![a-z])|(?<![A-Za-z0-9])[pP](?:roduction|rod|rd)(?=[A-Z])/;
