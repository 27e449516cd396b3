import { refersToProduction } from '../config/production-patterns.js';
import { EVIDENCE } from './layout.js';
import type { CheckpointField } from './checkpoint.js';

export interface AnswerContext {
  /** The files that are there and not empty, relative to the screenshots' folder. */
  readonly screenshots: readonly string[];
  readonly now: Date;
  /** It begins with the day on which the run did. */
  readonly runId: string;
}

/** What is wrong with the text in a blank of the form; empty when nothing is. */
export function faultsOf(field: CheckpointField, value: string, context: AnswerContext): string[] {
  const unfilled = field === 'screenshots' ? emptyFault(value) : (emptyFault(value) ?? placeholderFault(value));
  if (unfilled !== null) return [unfilled];
  switch (field) {
    case 'recoveryPoint':
      return only(instantFault(value, context.now));
    case 'target':
      return only(targetFault(value));
    case 'screenshots':
      return screenshotFaults(value, context.screenshots);
    case 'duration':
      return minutesOf(value) > 0 ? [] : [`"${value}" is not a positive number of minutes, e.g. 42`];
    case 'cleanUp':
      return only(cleanUpFault(value));
    case 'signer':
      return only(signerFault(value));
    case 'signedOn':
      return only(dateFault(value, context));
    case 'smokeQuery':
      return [];
  }
}

/** Why the text after `other:` in item B is no description of a method, or null. */
export function otherMethodFault(value: string): string | null {
  return emptyFault(value) ?? placeholderFault(value);
}

/** A blank that nobody wrote into. */
export function isUnfilled(value: string): boolean {
  return /^_*$/.test(value);
}

export function screenshotNames(value: string): string[] {
  const folder = `${EVIDENCE.screenshots}/`;
  const names = value.split(',').map((name) => name.trim());
  return names.filter((name) => name !== '').map((name) => (name.startsWith(folder) ? name.slice(folder.length) : name));
}

/** Minutes; NaN when it is no number of minutes. */
export function minutesOf(value: string): number {
  return Number(/^(\d{1,6}(?:\.\d{1,3})?)(?: ?(?:min|minutes?))?$/.exec(value)?.[1]);
}

/** Null when the restored database was deleted. */
export function whyNotDeleted(value: string): string | null {
  return /^yes\b/i.test(value) ? null : value;
}

const PLACEHOLDER =
  /^(?:n\/?a|none|null|unknown|pending|placeholder|example|x+|\.+|<.*>|\{.*\}|\$.*|not applicable|to be done|yyyy.*)$/i;

function emptyFault(value: string): string | null {
  return isUnfilled(value) ? 'the blank is not filled in' : null;
}

function placeholderFault(value: string): string | null {
  if (/^_|_$|_{3}/.test(value)) return `"${value}" still holds a part of the blank: remove the underscores`;
  if (PLACEHOLDER.test(value) || /\b(?:todo|tbd|tbc|fixme)\b/i.test(value))
    return `"${value}" is a placeholder: write what you saw`;
  return /[\p{L}\p{N}]/u.test(value) ? null : `"${value}" says nothing: write what you saw`;
}

function instantFault(value: string, now: Date): string | null {
  const date = new Date(value);
  const written = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/.test(value) && !Number.isNaN(date.getTime());
  if (!written || date.toISOString() !== value.replace('Z', '.000Z'))
    return `"${value}" is no UTC instant, e.g. 2026-02-21T09:30:00Z`;
  return date.getTime() > now.getTime() ? `${value} is in the future` : null;
}

/** Both bounds are days of UTC, as the form asks for. */
function dateFault(value: string, { now, runId }: AnswerContext): string | null {
  if (instantFault(`${value}T00:00:00Z`, new Date(8.64e15)) !== null) return `"${value}" is no date, e.g. 2026-02-21`;
  if (Date.parse(`${value}T00:00:00Z`) > now.getTime()) return `${value} is in the future (UTC)`;
  const began = `${runId.slice(0, 4)}-${runId.slice(4, 6)}-${runId.slice(6, 8)}`;
  return value < began ? `${value} is before the run, which began on ${began} (UTC)` : null;
}

function targetFault(value: string): string | null {
  const found = refersToProduction(value);
  return found === null ? null : `"${value}" refers to production ("${found}"): the target of the drill must be another database`;
}

function screenshotFaults(value: string, present: readonly string[]): string[] {
  const named = screenshotNames(value);
  if (named.length === 0) return ['no screenshot is named'];
  const absent = named.filter((name) => !present.includes(name));
  const unnamed = present.filter((name) => !named.includes(name));
  const repeated = named.filter((name, index) => named.indexOf(name) !== index);
  return [
    ...absent.map((name) => `${name} is not in ${EVIDENCE.screenshots}/, or is empty`),
    ...unnamed.map(
      (name) =>
        `${EVIDENCE.screenshots}/${name} is there, but not named${name.includes(',') ? ' (rename it: it has a comma)' : ''}`,
    ),
    ...new Set(repeated.map((name) => `${name} is named more than once`)),
  ];
}

function cleanUpFault(value: string): string | null {
  if (/^yes\b/i.test(value)) return null;
  const reason = value.replace(/^no\b[\s,:;.–—-]*/i, '');
  return reason.length >= 8 ? null : `"${value}" is neither "yes" nor a reason why the database was kept`;
}

/** In any name, even beside others: no person is called so. */
const NEVER_A_PERSON =
  /^(?:agents?|automat(?:ed|ic|ion)|bots?|robots?|scripts?|pipelines?|jenkins|github|gitlab|cron|chatgpt|gpt|copilot|gemini|llm|assistant)$/i;
/** Only when the name has nothing else: each is also a person's name, or part of one. */
const NOT_ALONE =
  /^(?:ai|ci|cd|claude|code|system|root|admin|administrator|user|human|operator|test|tester|service|account|nobody|somebody|anonymous|me|name|your)$/i;

function signerFault(value: string): string | null {
  const words = value.split(/[^\p{L}]+/u).filter((word) => word !== '');
  if (words.join('').length < 2) return `"${value}" is no name`;
  if (words.some((word) => NEVER_A_PERSON.test(word)) || words.every((word) => NOT_ALONE.test(word))) {
    return `"${value}" is not the name of a human: the one who did the restore signs`;
  }
  return null;
}

function only(fault: string | null): string[] {
  return fault === null ? [] : [fault];
}
