/** Label and field selectors, as the query of a list or a watch carries them. */
import type { KubernetesObject } from './objects.js';
import { badRequest } from './status.js';

export interface Selector {
  matches(object: KubernetesObject): boolean;
  /** The name that a field selector pins, if it does. */
  name?: string;
}

/** @throws StatusError 400 for a selector that the stand-in does not know: answering with too many objects would be worse. */
export function parseSelector(labels: string, fields: string): Selector {
  const tests = [...splitOutsideParentheses(labels).map(labelTest), ...splitOutsideParentheses(fields).map(fieldTest)];
  const name = /(?:^|,)metadata\.name=+([^,]+)/.exec(fields)?.[1];
  return { matches: (object) => tests.every((test) => test(object)), ...(name !== undefined && { name }) };
}

type Test = (object: KubernetesObject) => boolean;

function labelTest(term: string): Test {
  const set = /^(\S+)\s+(in|notin)\s+\(([^)]*)\)$/.exec(term);
  if (set !== null) {
    const [, key, operator, list] = set as unknown as [string, string, string, string];
    const values = list.split(',').map((value) => value.trim());
    return (object) => values.includes(labelsOf(object)[key] ?? '') === (operator === 'in');
  }
  const [, absent, key, operator, value] = /^(!?)([^=!\s]+)\s*(?:(!?==?)\s*(\S*))?$/.exec(term) ?? [];
  if (key === undefined) throw badRequest(`unable to parse requirement: ${term}`);
  if (operator === undefined) return (object) => key in labelsOf(object) === (absent === '');
  return (object) => (labelsOf(object)[key] === value) === !operator.startsWith('!');
}

function fieldTest(term: string): Test {
  const [, field, operator, value] = /^(metadata\.(?:name|namespace))(!?=)=?(.*)$/.exec(term) ?? [];
  if (field === undefined) throw badRequest(`field label not supported: ${term}`);
  const key = field === 'metadata.name' ? 'name' : 'namespace';
  return (object) => (object.metadata[key] === value) === (operator === '=');
}

function labelsOf(object: KubernetesObject): Record<string, string> {
  return object.metadata.labels ?? {};
}

function splitOutsideParentheses(text: string): string[] {
  return text
    .split(/,(?![^(]*\))/)
    .map((term) => term.trim())
    .filter((term) => term !== '');
}
