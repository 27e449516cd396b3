import type { rules } from '@secretlint/secretlint-rule-preset-recommend';

/** What a rule of secretlint found: its name as a kind, and where in the text. */
export interface LintFinding {
  readonly kind: string;
  readonly index: number;
}

export type Linter = (text: string) => Promise<LintFinding[]>;

type Rule = (typeof rules)[number];

/**
 * secretlint's recommended rules, with the rule for ids of AWS. Left out is `filter-comments`: a comment in an evidence file must not
 * switch the scan off. The rules are called without `@secretlint/core`: it keeps a performance mark of every rule and every text for
 * as long as the process lives (110 a window), and so its memory grows with what it reads. Loaded when the first file is scanned.
 */
export async function loadSecretlint(): Promise<Linter> {
  loaded ??= import('@secretlint/secretlint-rule-preset-recommend').then((preset) =>
    preset.rules.filter(({ meta }) => !meta.id.endsWith('-rule-filter-comments')),
  );
  const recommended = await loaded;
  return async (text) => {
    const found: LintFinding[] = [];
    for (const rule of recommended) await lint(rule, text, found);
    return found.filter((finding) => !isDocumentedAccount(text, finding)).sort((a, b) => a.index - b.index);
  };
}

let loaded: Promise<Rule[]> | null = null;

async function lint(rule: Rule, text: string, found: LintFinding[]): Promise<void> {
  const kind = `secretlint-${rule.meta.id.replace(/^.*secretlint-rule-/, '')}`;
  const context = {
    sharedOptions: {},
    // The message would hold the secret; its id says enough.
    createTranslator: () => (messageId: string) => ({ message: messageId, messageId, data: {} }),
    report: ({ message, range }: { message: { messageId: string }; range: readonly number[] }) =>
      void found.push({ kind: `${kind}-${message.messageId}`, index: range[0] ?? 0 }),
    ignore: () => {},
  };
  const { file } = rule.create(context as never, { enableIDScanRule: true } as never);
  // No path: the rule for .p12 would read it whole, and by itself. Key stores are found by their first bytes.
  await file?.({ content: text, filePath: undefined, ext: '', contentType: 'text' } as never);
}

/** The account in which a run was made: the runbook wants it in the scope, and it is a fact of the world in the history. */
function isDocumentedAccount(text: string, { kind, index }: LintFinding): boolean {
  return kind.endsWith('-AWSAccountID') && DOCUMENTED_ACCOUNT.test(text.slice(Math.max(0, index - 5), index + 64));
}

const DOCUMENTED_ACCOUNT = /^(?:[^]{0,1}AWS account: +|[^]{0,6}\bawsAccount["']?: ?["']?)\d{12}\b/;
