import { z } from 'zod';

const oneOrMore = z.union([z.string(), z.array(z.string()).min(1)]).transform((value) => [value].flat());

const policySchema = z.strictObject({
  Version: z.literal('2012-10-17'),
  Id: z.string().optional(),
  Statement: z.array(
    z.strictObject({
      Sid: z
        .string()
        .regex(/^[A-Za-z0-9]*$/)
        .optional(),
      Effect: z.enum(['Allow', 'Deny']),
      Action: oneOrMore,
      Resource: oneOrMore,
    }),
  ),
});

export type PolicyDocument = z.input<typeof policySchema>;

/**
 * An identity-based IAM policy, without conditions, principals and the Not... elements: a document with any of these is refused
 * rather than half understood. Source: IAM user guide, "IAM JSON policy elements reference" and "Policy evaluation logic".
 */
export class Policy {
  private readonly statements: z.output<typeof policySchema>['Statement'];

  /** Throws an Error that names what is not of the language, or not modelled. */
  constructor(document: unknown) {
    const parsed = policySchema.safeParse(document);
    if (!parsed.success) throw new Error(`not a policy that is modelled here: ${z.prettifyError(parsed.error)}`);
    this.statements = parsed.data.Statement;
  }

  /** Whether a statement allows it and none denies it. */
  allows(action: string, arn: string): boolean {
    const applying = this.statements.filter(
      ({ Action, Resource }) =>
        // Actions are compared without regard to case, resources with it.
        Action.some((pattern) => matches(pattern, action, 'i')) && Resource.some((pattern) => matches(pattern, arn, '')),
    );
    return applying.some(({ Effect }) => Effect === 'Allow') && applying.every(({ Effect }) => Effect !== 'Deny');
  }
}

/** `*` stands for any characters, slashes too, and `?` for one. */
function matches(pattern: string, text: string, flags: string): boolean {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, `s${flags}`).test(text);
}
