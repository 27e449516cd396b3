import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Account } from './account.js';
import { stsNamespace, type Reply } from './reply.js';
import { ConnectionLost, S3Error } from './s3-error.js';
import { assertSigned } from './signature.js';

/** Reads the form that an STS client posts to `/`, and its SHA-256 (hex), which the signature covers. */
export async function readStsForm(request: IncomingMessage): Promise<{ form: URLSearchParams; sha256: string }> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) chunks.push(chunk as Buffer);
  } catch (error) {
    throw new ConnectionLost('the client went away while it sent an STS request', { cause: error });
  }
  const body = Buffer.concat(chunks);
  return { form: new URLSearchParams(body.toString('utf8')), sha256: createHash('sha256').update(body).digest('hex') };
}

/** GetCallerIdentity, which no policy can deny; throws 400 InvalidAction for any other action. */
export function answerSts(
  account: Account,
  request: IncomingMessage,
  { form, sha256 }: { form: URLSearchParams; sha256: string },
  requestId: string,
): Reply {
  const action = form.get('Action') ?? '';
  if (action !== 'GetCallerIdentity') {
    throw new S3Error(
      400,
      'InvalidAction',
      `Could not find operation ${action} for version ${form.get('Version') ?? 'NO_VERSION'}`,
    );
  }
  assertSigned(request, 'sts', account, sha256);
  return {
    status: 200,
    headers: { 'content-type': 'text/xml' },
    body: {
      kind: 'xml',
      root: 'GetCallerIdentityResponse',
      namespace: stsNamespace,
      children: {
        GetCallerIdentityResult: { Arn: account.arn, UserId: account.userId, Account: account.id },
        ResponseMetadata: { RequestId: requestId },
      },
    },
  };
}
