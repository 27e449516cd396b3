import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import type { RunView } from '../../engine/engine.js';
import { EVIDENCE } from '../../evidence/layout.js';
import { SIGN_OFF_NAMESPACE, signOffStatementText, type SignOffStatement } from '../../evidence/sign-off/statement.js';
import type { CommonOptions } from '../command.js';
import { UsageError } from '../errors.js';
import type { Io } from '../io.js';
import { contextOf } from '../run-facts.js';
import { quoted } from '../shell-word.js';
import { signingCommand } from './signing-command.js';

/** Writes the statement to be signed, for the machine that has the key. Throws `UsageError` when the file cannot be made anew. */
export async function writeRequest(statement: SignOffStatement, file: string): Promise<void> {
  try {
    await writeFile(file, signOffStatementText(statement), { flag: 'wx' });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'EEXIST' ? 'is there already, and may be signed' : `cannot be written (${code ?? String(error)})`;
    throw new UsageError(`--request ${file} ${why}. Nothing was written. Name a new file.`, { cause: error });
  }
}

/** Says how the statement is signed elsewhere, and brought back. */
export function showRequest(view: RunView, statement: SignOffStatement, file: string, { json }: CommonOptions, io: Io): void {
  const sha256 = createHash('sha256').update(signOffStatementText(statement)).digest('hex');
  const sign = `ssh-keygen -Y sign -f KEY -n ${SIGN_OFF_NAMESPACE} ${quoted(file)}`;
  const form = `${contextOf(view).evidenceDir}/${EVIDENCE.checkpoint}`;
  const respond = `${signingCommand(view, statement.role)} --response ${quoted(`${file}.sig`)}`;
  if (json) {
    io.stdout.write(`${JSON.stringify({ request: file, sha256, statement, form, sign, respond })}\n`);
    return;
  }
  const lines = [
    `Statement  ${file}`,
    `SHA-256    ${sha256}`,
    `Signer     ${statement.name}`,
    `Form       ${form}`,
    '',
    'The signer, wherever the key is, reads that form (its SHA-256 is in the statement), then:',
    `  ${sign}`,
    `Then, with ${file} and ${file}.sig here:`,
    `  ${respond}`,
  ];
  io.stdout.write(`${lines.join('\n')}\n`);
}
