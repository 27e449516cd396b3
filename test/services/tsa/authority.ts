import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const exec = promisify(execFile);

/** The certificates that a stand-in can sign with: only the first is fit for it. */
const CERTIFICATES = {
  good: { extensions: ['extendedKeyUsage=critical,timeStamping'], days: 30 },
  expired: { extensions: ['extendedKeyUsage=critical,timeStamping'], days: -1 },
  'no key usage': { extensions: ['keyUsage=critical,digitalSignature'], days: 30 },
} as const;
export type CertificateKind = keyof typeof CERTIFICATES;

/** A certificate authority and those that it certified to stamp, made with openssl in a directory. */
export class Authority {
  readonly #made = new Map<CertificateKind, Promise<string>>();

  private constructor(
    readonly directory: string,
    readonly name: string,
  ) {}

  static async create(directory: string, name: string): Promise<Authority> {
    const authority = new Authority(directory, name);
    await writeFile(join(directory, 'tsa.cnf'), CONFIGURATION);
    const subject = ['-subj', `/O=${name}/CN=${name} root`, '-days', '3650'];
    const extensions = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign'];
    await authority.openssl('req', '-x509', ...NEW_KEY, 'ca.key', '-out', 'ca.pem', ...subject, ...extensions.flatMap(added));
    return authority;
  }

  /** The certificate of the root, PEM. */
  get caFile(): string {
    return join(this.directory, 'ca.pem');
  }

  /**
   * Answers a TimeStampReq (DER) with a TimeStampResp (DER). `oddly`: signed with that certificate, as openssl-cms(1) signs with these
   * options (`-cades` names the certificate in what is signed).
   */
  async reply(query: Uint8Array, oddly?: { kind: CertificateKind; options: readonly string[] }): Promise<Buffer> {
    const file = (name: string) => join(this.directory, `${name}.${(this.#count += 1)}`);
    const [request, response] = [file('request'), file('response')];
    await writeFile(request, query);
    const signer = ['-signer', `${await this.#certificate('good')}.pem`, '-inkey', 'good.key'];
    const reply = ['ts', '-reply', '-config', 'tsa.cnf', '-queryfile', request, ...signer];
    if (oddly === undefined) {
      await this.openssl(...reply, '-out', response);
      return readFile(response);
    }
    // openssl does not stamp oddly: what it stamped is signed once more, as it is.
    const [info, token] = [file('info'), file('token')];
    await this.openssl(...reply, '-token_out', '-out', response);
    await this.openssl('cms', '-verify', '-noverify', '-inform', 'DER', '-in', response, '-binary', '-out', info);
    const certificate = await this.#certificate(oddly.kind);
    const what = ['-econtent_type', '1.2.840.113549.1.9.16.1.4', '-binary', '-nodetach', '-nosmimecap', '-in', info];
    const by = ['-signer', `${certificate}.pem`, '-inkey', `${certificate}.key`, ...oddly.options];
    await this.openssl('cms', '-sign', ...what, ...by, '-outform', 'DER', '-out', token);
    const granted = Buffer.from([0x30, 3, 2, 1, 0]);
    return sequence(Buffer.concat([granted, await readFile(token)]));
  }

  #count = 0;

  #certificate(kind: CertificateKind): Promise<string> {
    const made = this.#made.get(kind) ?? this.#make(kind);
    this.#made.set(kind, made);
    return made;
  }

  async #make(kind: CertificateKind): Promise<string> {
    const name = kind.replaceAll(' ', '-');
    const { extensions, days } = CERTIFICATES[kind];
    await writeFile(join(this.directory, `${name}.ext`), ['basicConstraints=CA:FALSE', ...extensions, ''].join('\n'));
    await this.openssl(
      'req',
      '-new',
      ...NEW_KEY,
      `${name}.key`,
      '-out',
      `${name}.csr`,
      '-subj',
      `/O=${this.name}/CN=TSA ${kind}`,
    );
    const by = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-extfile', `${name}.ext`, '-days', String(days)];
    await this.openssl('x509', '-req', '-in', `${name}.csr`, '-out', `${name}.pem`, ...by);
    return name;
  }

  async openssl(...args: readonly string[]): Promise<void> {
    await exec('openssl', args, { cwd: this.directory });
  }
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout'];

/** Source: openssl-ts(1), "CONFIGURATION FILE OPTIONS". */
const CONFIGURATION = `[tsa]
default_tsa = authority
[authority]
serial = serial
default_policy = 1.2.3.4.1
signer_digest = sha256
digests = sha256
accuracy = secs:1
ordering = yes
tsa_name = yes
ess_cert_id_alg = sha256
`;

function added(extension: string): string[] {
  return ['-addext', extension];
}

function sequence(content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x30, 0x82, content.length >> 8, content.length & 0xff]), content]);
}
