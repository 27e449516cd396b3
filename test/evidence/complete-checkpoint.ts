/** What a human writes into the checkpoint; each replaces one blank of the form. */
export interface Answers {
  /** `COMPLETED`, unless a test wants another word. */
  status: string;
  recoveryPoint: string;
  /** The text behind the box that is ticked in item B; for `other: ...` it holds the description. */
  method: string;
  target: string;
  tenantCount: string;
  apiKeyCount: string;
  billingEvents: string;
  webhookDedup: string;
  notProduction: string;
  /** Smoke queries with their answers, of a site that asks for others than the pilot. */
  queries: Readonly<Record<string, string>> | null;
  /** Names of files in 56_db_restore_screenshots/, which the caller puts there. */
  screenshots: readonly string[];
  duration: string;
  cleanUp: string;
  signer: string;
  signedOn: string;
}

/**
 * Fills in the form as a human with an editor would: line by line, knowing nothing of the parser. The default recovery point
 * is an hour before the form was created, and the date of the signature is that day, so that neither is in the future.
 */
export function completeCheckpoint(template: string, answers: Partial<Answers> = {}): string {
  const created = /^Created: (.*)$/m.exec(template)?.[1];
  if (created === undefined) throw new Error('completeCheckpoint: the template has no line "Created: ..."');
  const all: Answers = { ...defaultAnswers(new Date(created)), ...answers };
  const blanks: readonly [string, string][] = [
    ['Recovery point (UTC, YYYY-MM-DDThh:mm:ssZ)', all.recoveryPoint],
    ['Recovery target (host or project)', all.target],
    ...Object.entries(
      all.queries ?? {
        'Tenant count': all.tenantCount,
        'API-key count': all.apiKeyCount,
        'Billing events spot check': all.billingEvents,
        'Webhook dedup by status': all.webhookDedup,
      },
    ),
    ['Proof that this is not the production database', all.notProduction],
    ['File names, separated by commas', all.screenshots.join(', ')],
    ['Duration of the restore in minutes', all.duration],
    ['Restored database deleted afterwards ("yes", or why not)', all.cleanUp],
    ['Name of the human who did this', all.signer],
    ['Date (UTC, YYYY-MM-DD)', all.signedOn],
  ];
  const method = all.method.startsWith('other:') ? 'other: ____' : all.method;
  let text = replaceLine(template, 'Status: PENDING', `Status: ${all.status}`);
  text = replaceLine(text, `[ ] ${method}`, `[x] ${all.method}`);
  for (const [label, answer] of blanks) text = replaceLine(text, `[ ] ${label}: ____`, `[x] ${label}: ${answer}`);
  return text;
}

/** The default name of the one screenshot. */
export const SCREENSHOT = 'restore-01.png';

function defaultAnswers(created: Date): Answers {
  return {
    status: 'COMPLETED',
    recoveryPoint: new Date(created.getTime() - 3_600_000).toISOString().replace(/\.\d+Z$/, 'Z'),
    method: 'Supabase restore to a new project',
    target: 'dpp-restore-drill.db.example.com',
    tenantCount: '42 tenants, as in the source',
    apiKeyCount: '117',
    billingEvents: '10 of 10 sampled events match the ledger',
    webhookDedup: 'processed 980, duplicate 12, failed 0',
    notProduction: 'project reference differs, current_database() is dpp_restore',
    queries: null,
    screenshots: [SCREENSHOT],
    duration: '38',
    cleanUp: 'yes',
    signer: 'verifier@example.com',
    signedOn: created.toISOString().slice(0, 10),
  };
}

function replaceLine(text: string, from: string, to: string): string {
  const lines = text.split('\n');
  const at = lines.indexOf(from);
  if (at < 0) throw new Error(`completeCheckpoint: the template has no line ${JSON.stringify(from)}`);
  lines[at] = to;
  return lines.join('\n');
}
