import { EVIDENCE } from '../../evidence/layout.js';
import { signOffStatementText, type SignOffStatement } from '../../evidence/sign-off/statement.js';
import type { Io } from '../io.js';
import { oneLine } from '../table.js';

/** All of what is signed, for the person at the terminal: the form, and the very text. */
export function showStatement(statement: SignOffStatement, form: Buffer, { stderr }: Pick<Io, 'stderr'>): void {
  const lines = [
    '',
    `The finished form, ${EVIDENCE.checkpoint}:`,
    '',
    ...form
      .toString('utf8')
      .trimEnd()
      .split(/\r\n|\n|\r/)
      .map((line) => `  ${oneLine(line)}`),
    '',
    'The statement that you sign:',
    '',
    signOffStatementText(statement),
  ];
  stderr.write(`${lines.join('\n')}\n`);
}
