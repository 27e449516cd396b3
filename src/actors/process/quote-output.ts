import { knownSecrets } from '../../evidence/known-secrets.js';
import { redactText } from '../../evidence/redact-json.js';

const MAX_LINES = 4;
const MAX_LENGTH = 600;

/**
 * The first lines of what a command or server said, on one line and without secrets, for an error message: messages are
 * recorded in the run's history.
 */
export function quoteOutput(text: string, env: NodeJS.ProcessEnv): string {
  const lines = redactText(text, knownSecrets(env))
    .split(/[\r\n]/)
    .map((line) => line.trim());
  const said = lines
    .filter((line) => line !== '')
    .slice(0, MAX_LINES)
    .join(' | ');
  if (said === '') return '(nothing)';
  return said.length > MAX_LENGTH ? `${said.slice(0, MAX_LENGTH)}...` : said;
}
