/** Whatever a reader or a terminal may take for the end of a line, and control characters: a fact with one could forge another line. */
// eslint-disable-next-line no-control-regex -- control characters are what is looked for
export const LINE_BREAKS = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028\u2029]/;

/** Facts from which a document must not be written: which document, which field, and why. */
export class FactError extends Error {
  override readonly name = 'FactError';
  readonly code = 'FACT_INVALID';
  constructor(
    readonly document: 'scope' | 'result summary',
    readonly field: string,
    readonly fault: string,
  ) {
    super(
      `The ${document} cannot be written: ${field} ${fault}. Nothing was written; look at the run's history with: cutover history latest`,
    );
  }
}
