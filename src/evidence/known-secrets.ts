/** A secret known by its value; `name` is the variable that holds it and may be shown. */
export interface KnownSecret {
  readonly name: string;
  readonly value: string;
}

/** Variables whose values are secret by their name, the receivers of messages among them: who knows such a URL can write there. AWS_ACCESS_KEY_ID is an id; it is found by its form anyway. */
const SECRET_NAME =
  /(?:(?:^|_)(?:TOKEN|SECRET|PASS|PASSWD|PASSPHRASE|KEY)|PASSWORD|^MYSQL_PWD|^REDISCLI_AUTH|^CUTOVER_NOTIFY_[A-Z]+)$/i;

/** Shorter values (an empty one, "1", "true") would redact half of every log. */
const MIN_LENGTH = 8;

/** A longer value is looked for in pieces, so that each fits into what the redactor holds back at a cut. */
const PIECE_LENGTH = 1024;

/**
 * The secrets that the environment holds: values of variables named like `*_TOKEN`, `*_SECRET`, `*_PASSWORD`, `*_KEY`, and the passwords
 * in those that hold a connection string (`DATABASE_URL`).
 */
export function knownSecrets(env: NodeJS.ProcessEnv): KnownSecret[] {
  return Object.entries(env).flatMap(([name, value = '']) =>
    [...(SECRET_NAME.test(name) ? [value] : []), ...urlPasswords(value)]
      .filter((secret) => secret.length >= MIN_LENGTH)
      .map((secret) => ({ name, value: secret })),
  );
}

/** The password as the URL has it, and as it is meant. */
function urlPasswords(value: string): string[] {
  const password = /^[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:([^/\s@]+)@/i.exec(value)?.[1];
  if (password === undefined || password.startsWith('$')) return [];
  const meant = decoded(password);
  return meant === password ? [password] : [password, meant];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // A lone %: it was never encoded.
  }
}

/** A known secret in the forms in which it may turn up in a line of bytes (latin1: one character a byte), by kind. */
export function knownForms(secrets: readonly KnownSecret[]): Map<string, string> {
  const forms = new Map<string, string>();
  for (const { name, value } of secrets) {
    const kind = `env-${name}`;
    const whole = [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value), Buffer.from(value).toString('base64')];
    // A value over several lines (a key file, JSON) is looked for line by line; the frame of a PEM is no secret.
    const lines = value
      .split(/[\r\n]+/)
      .map((line) => line.trim())
      .filter((line) => !line.startsWith('-----'));
    for (const form of [...whole.filter((form) => !/[\r\n]/.test(form)), ...lines]) {
      for (const piece of pieces(Buffer.from(form).toString('latin1'))) {
        if (piece.length >= MIN_LENGTH && !forms.has(piece)) forms.set(piece, kind);
      }
    }
  }
  return forms;
}

/** Pieces of about the same length, so that none is too short to be looked for. */
function pieces(form: string): string[] {
  const length = Math.ceil(form.length / Math.max(1, Math.ceil(form.length / PIECE_LENGTH)));
  const found: string[] = [];
  for (let at = 0; at < form.length; at += length) found.push(form.slice(at, at + length));
  return found;
}
