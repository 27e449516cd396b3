/** A secret that is known by its own form. */
export interface TokenPattern {
  readonly kind: string;
  /** Global. The secret is the match without its group `keep`. Never matches a line feed, so that lines can be judged one by one. */
  readonly expression: RegExp;
  /** The characters that go on with the secret where a very long line had to be cut. */
  readonly continues: RegExp;
  /** Looked for in binary files too: too peculiar to arise there by chance. */
  readonly inBinary: boolean;
}

/** A secret that is known by the name it is assigned to: `name=value`, `"name": "value"`, `name: value`. */
export interface AssignedPattern {
  readonly kind: string;
  /** Alternatives of a case-insensitive expression; what stands before them (`DB_` in `DB_PASSWORD`) does not matter. */
  readonly names: string;
  /** Shorter values are not taken for secrets. */
  readonly minLength: number;
}

const TOKEN = /[A-Za-z0-9._~+/=-]/;

/**
 * In the order in which a kind is chosen when two begin at the same character. Hashes, version ids, ETags and AWS ids that
 * are no credentials (AROA..., AIDA...) match none of them. Sources: the issuers' documented prefixes.
 */
export const TOKEN_PATTERNS: readonly TokenPattern[] = [
  {
    // On one line, with line ends written as \n or not at all; keys over several lines are private-key-block.ts.
    kind: 'private-key',
    expression:
      /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:[^\n]{0,16000}?-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|(?:(?:\\[rn]|[ \t])*[A-Za-z0-9+/=]{20,})*)/g,
    continues: /[A-Za-z0-9+/=\\ \t-]/,
    inBinary: true,
  },
  // The same as base64 without the armour around it (`client-key-data`, `tls.key`): "-----BEGIN " and the words that a key may have.
  token(
    'private-key',
    /LS0tLS1CRUdJTi(?:BQUklWQVRF|BSU0EgUFJJVkFUR|BFQyBQUklWQVRF|BEU0EgUFJJVkFUR|BPUEVOU1NI|BFTkNSWVBURU)[A-Za-z0-9+/=]*/g,
    /[A-Za-z0-9+/=]/,
  ),
  // RFC 8410: the DER of an Ed25519 key in PKCS #8 begins with these 16 bytes, always.
  token('private-key', /(?<![A-Za-z0-9+/])MC4CAQAwBQYDK2VwBCIEI[A-Za-z0-9+/]{43}/g, /[A-Za-z0-9+/=]/),
  token('aws-access-key-id', /(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])/g, /[A-Z0-9]/),
  // How STS session tokens begin; they are several hundred characters long.
  token('aws-session-token', /(?<![A-Za-z0-9+/])(?:IQoJb3JpZ2lu|F[wQ]oGZXIvYXdz)[A-Za-z0-9+/=]{64,}/g, /[A-Za-z0-9+/=]/),
  // Ids of roles, users, groups...: no credentials, but secretlint's `enableIDScanRule` reports them.
  token(
    'aws-unique-id',
    /(?<![A-Za-z0-9_])(?:A3T[A-Z0-9]|AGPA|AIDA|AROA|AIPA|ANPA|ANVA)[A-Z0-9]{16}(?![A-Za-z0-9_])/g,
    /[A-Z0-9]/,
  ),
  // `aws eks get-token`: a presigned URL as a bearer token.
  token('kubernetes-token', /(?<![A-Za-z0-9])k8s-aws-v1\.[A-Za-z0-9_-]{20,}/g, /[A-Za-z0-9_-]/),
  token('github-token', /(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,})/g, /[A-Za-z0-9_]/),
  token('gitlab-token', /(?<![A-Za-z0-9])glpat-[A-Za-z0-9_-]{20,}/g, /[A-Za-z0-9_-]/),
  token('npm-token', /(?<![A-Za-z0-9])npm_[A-Za-z0-9]{36,}/g, /[A-Za-z0-9]/),
  token('slack-token', /(?<![A-Za-z0-9])xox[abeoprs]-[A-Za-z0-9-]{10,}/g, /[A-Za-z0-9-]/),
  token('slack-webhook', /(?<keep>hooks\.slack\.com\/services\/)[A-Za-z0-9/]{20,}/g, /[A-Za-z0-9/]/),
  token('stripe-key', /(?<![A-Za-z0-9])(?:(?:sk|rk)_(?:live|test)|whsec)_[A-Za-z0-9]{16,}/g, /[A-Za-z0-9]/),
  token('google-api-key', /(?<![A-Za-z0-9])AIza[A-Za-z0-9_-]{35}/g, /[A-Za-z0-9_-]/),
  token('google-oauth-token', /(?<![A-Za-z0-9])ya29\.[A-Za-z0-9_-]{20,}/g, /[A-Za-z0-9_-]/),
  token('supabase-key', /(?<![A-Za-z0-9])(?:sbp_[a-f0-9]{40}|sb_secret_[A-Za-z0-9_-]{20,})/g, /[A-Za-z0-9_-]/),
  token('jwt', /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]+)*/g, /[A-Za-z0-9_.-]/),
  text('bearer-token', /(?<keep>\bBearer[ \t]+)(?=[^ \t\r\n]*[0-9])[A-Za-z0-9._~+/=-]{16,}/gi, TOKEN),
  text('basic-authorization', /(?<keep>\bAuthorization\\?["']?[ \t]*[:=][ \t]*\\?["']?Basic[ \t]+)[A-Za-z0-9+/=]{4,}/gi, TOKEN),
  text(
    'authorization',
    /(?<keep>\bAuthorization\\?["']?[ \t]*[:=][ \t]*\\?["']?(?:(?:Api-)?Token[ \t]+)?)(?!AWS4-)(?=[^ \t\r\n]*[0-9])[A-Za-z0-9._~+/=@-]{16,}/gi,
    /[A-Za-z0-9._~+/=@-]/,
  ),
  text('cookie', /(?<keep>\bcookie:[ \t]*)[^ \t\r\n"][^\r\n"]{7,}/gi, /[^\r\n"]/),
  text('presigned-url-signature', /(?<keep>X-Amz-Signature=)[0-9a-f]{64}/gi, /[0-9a-f]/i),
  text('url-password', /(?<keep>:(?:\/\/|\\\/\\\/)[^ \t\r\n/:@"'<>]{0,256}:)[^ \t\r\n/"'<>]{1,512}(?=@)/g, /[^ \t\r\n/"'<>@]/),
  text('xml-secret', /(?<keep><(?:SecretAccessKey|SessionToken|Password)>)[^<\n]{4,}/gi, /[^<\n]/),
  text(
    'option-password',
    /(?<keep>--(?:[a-z]+-){0,3}(?:password|token|secret|api-key|secret-key)[ \t]+["']?)[^ \t\r\n"'-][^ \t\r\n"']{3,}/gi,
    /[^ \t\r\n"']/,
  ),
  text(
    'option-password',
    /(?<keep>[ \t"'](?:-u|--user)[ \t=]+["']?[^ \t\r\n:"']{0,128}:["']?)(?!\d+(?:[ \t\r\n"']|$))[^ \t\r\n"']{4,}/g,
    /[^ \t\r\n"']/,
  ),
];

export const ASSIGNED_PATTERNS: readonly AssignedPattern[] = [
  { kind: 'aws-secret-access-key', names: 'secret[_-]?access[_-]?key', minLength: 8 },
  { kind: 'aws-session-token', names: 'session[_-]?token|security[_-]?token', minLength: 8 },
  { kind: 'private-key', names: 'client-key-data', minLength: 8 },
  { kind: 'password', names: 'pass(?:word|wd|phrase)|pwd', minLength: 4 },
  {
    kind: 'secret',
    // A fencing token orders the drivers of a run: a number, known to all.
    names: 'secret|(?<!fencing[_ -]?)token|(?:api|secret|private|signing|encryption|service[_-]?role)[_-]?key',
    minLength: 8,
  },
];

/** What stands where a secret would and is none: a reference, a mask, or a word of a report. The whole value must match. */
export const NOT_A_SECRET =
  /^(?:\$\{[^}]*\}?|\$\([^)]*\)?|\$[A-Z_][A-Z0-9_]*|\{\{.*|<[^>]*>|[*.x]{3,}|\*+|(?:null|none|nil|true|false|undefined|yes|no|pass|passed|fail|failed|ok|error|skipped|required|optional|missing|unset|empty|set|present|absent|redacted|hidden|changed|unchanged|valid|invalid|expired|string|str|bool|boolean|int|integer|number|object|bytes|secretstr|token|password|secret)[.,;:)\]}!]*|[.,;:)\]}!]*)$/i;

function token(kind: string, expression: RegExp, continues: RegExp): TokenPattern {
  return { kind, expression, continues, inBinary: true };
}

function text(kind: string, expression: RegExp, continues: RegExp): TokenPattern {
  return { kind, expression, continues, inBinary: false };
}
