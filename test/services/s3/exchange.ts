import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import type { Account } from './account.js';
import type { Fault } from './control.js';
import type { FaultList } from './faults.js';
import { tellLie } from './lie.js';
import { operationOf } from './operations.js';
import { errorReply, sendReply, type Reply } from './reply.js';
import { ConnectionLost, S3Error } from './s3-error.js';
import { parseS3Request, type S3Request } from './s3-request.js';
import { assertSigned } from './signature.js';
import type { LoggedRequest } from './state.js';
import { answerSts, readStsForm } from './sts.js';

export interface ExchangeContext {
  readonly account: Account;
  readonly faults: FaultList;
  readonly dataDir: string;
}

/** Logs the request into `log` and answers it, as S3 or STS would or as a fault wants it. Resolves when all is said. */
export async function answerRequest(
  context: ExchangeContext,
  raw: IncomingMessage,
  response: ServerResponse,
  log: LoggedRequest[],
): Promise<LoggedRequest> {
  const logged = newEntry(raw);
  log.push(logged);
  try {
    const reply = await replyTo(context, raw, logged);
    if (reply) await answer(context, raw, response, reply, logged);
  } catch (error) {
    if (!(error instanceof ConnectionLost) && !response.destroyed) throw error;
    logged.ended = 'client went away';
  }
  return logged;
}

/** Undefined when a fault leaves the request without an answer. */
async function replyTo(context: ExchangeContext, raw: IncomingMessage, logged: LoggedRequest): Promise<Reply | undefined> {
  const isSts = raw.method === 'POST' && raw.url === '/';
  const service = isSts ? 'sts' : 's3';
  const resource = (raw.url ?? '').split('?')[0] ?? '';
  const asReply = (error: unknown): Reply => {
    const s3Error = asS3Error(error);
    logged.code = s3Error.code;
    return errorReply(service, s3Error, logged.id, resource);
  };
  let act: () => Promise<Reply>;
  try {
    act = isSts ? await prepareSts(context, raw, logged) : prepareS3(context, parseS3Request(raw), logged);
  } catch (error) {
    return asReply(error);
  }
  const fault = context.faults.meet(logged.operation, logged.key);
  if (fault) logged.fault = kindOf(fault);
  if (fault?.delayMs !== undefined) await wait(fault.delayMs);
  if (fault?.at === 'during') await firstBytes(raw);
  if (fault !== undefined && fault.at !== 'after' && isUnanswered(fault, raw, logged)) return undefined;
  if (fault?.at === 'before' && fault.error) return asReply(faultError(fault.error));
  const reply = await act().catch(asReply);
  if (fault?.at === 'after' && isUnanswered(fault, raw, logged)) return undefined;
  if (fault?.at === 'after' && fault.error) return asReply(faultError(fault.error));
  if (!fault?.lie || reply.status >= 300) return reply;
  try {
    return tellLie(reply, fault.lie);
  } catch (error) {
    return asReply(error);
  }
}

function prepareS3(context: ExchangeContext, request: S3Request, logged: LoggedRequest): () => Promise<Reply> {
  const { account, dataDir } = context;
  Object.assign(logged, { bucket: request.bucket, key: request.key, versionId: request.versionId ?? null });
  const operation = operationOf(request);
  logged.operation = operation.name;
  return async () => {
    assertSigned(request.raw, 's3', account);
    const resource = request.key === '' ? request.bucket : `${request.bucket}/${request.key}`;
    for (const action of operation.needs(request)) account.assertAllowed(action, resource);
    return operation.run({
      account,
      request,
      dataDir,
      get bucket() {
        return account.bucket(request.bucket, request.header('x-amz-expected-bucket-owner'));
      },
    });
  };
}

async function prepareSts(
  { account }: ExchangeContext,
  raw: IncomingMessage,
  logged: LoggedRequest,
): Promise<() => Promise<Reply>> {
  const body = await readStsForm(raw);
  logged.operation = body.form.get('Action') ?? 'NotImplemented';
  return async () => answerSts(account, raw, body, logged.id);
}

/** Waits for the first bytes of the body, or for its end where it has none. */
async function firstBytes(raw: IncomingMessage): Promise<void> {
  await new Promise<void>((resolve) => {
    raw.once('data', () => resolve());
    raw.once('end', () => resolve());
    raw.once('close', () => resolve());
  });
}

/** Carries out a hang or a reset; false for other faults. */
function isUnanswered(fault: Fault, raw: IncomingMessage, logged: LoggedRequest): boolean {
  if (!fault.hang && !fault.reset) return false;
  if (fault.reset) raw.socket.resetAndDestroy();
  logged.ended = fault.reset ? 'reset' : 'hung';
  return true;
}

async function answer(
  { account }: ExchangeContext,
  raw: IncomingMessage,
  response: ServerResponse,
  reply: Reply,
  logged: LoggedRequest,
): Promise<void> {
  // An early refusal leaves a body behind: it is read to its end, so that the client sees the answer and not a broken pipe.
  raw.resume();
  response.sendDate = false;
  const common = {
    'x-amz-request-id': logged.id,
    'x-amz-id-2': Buffer.from(logged.id).toString('base64'),
    date: account.now().toUTCString(),
    server: 'AmazonS3',
  };
  Object.assign(logged, { status: reply.status, ended: 'answered' });
  await sendReply(response, { ...reply, headers: { ...common, ...reply.headers } }, raw.method === 'HEAD');
}

function asS3Error(error: unknown): S3Error {
  if (error instanceof S3Error) return error;
  if (error instanceof ConnectionLost) throw error;
  // A fault in the stand-in itself or in a control document: said aloud, or a test would take it for the behaviour of S3.
  process.stderr.write(`stand-in for S3: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return new S3Error(500, 'InternalError', `The stand-in failed: ${error instanceof Error ? error.message : String(error)}`);
}

const faultError = ({ status, code, message }: NonNullable<Fault['error']>) => new S3Error(status, code, message);

function kindOf(fault: Fault): LoggedRequest['fault'] {
  if (fault.error) return 'error';
  if (fault.hang) return 'hang';
  if (fault.reset) return 'reset';
  return fault.lie ? 'lie' : 'delay';
}

function newEntry(raw: IncomingMessage): LoggedRequest {
  return {
    id: randomBytes(8).toString('hex').toUpperCase(),
    at: new Date().toISOString(),
    method: raw.method ?? '',
    operation: 'NotImplemented',
    bucket: '',
    key: '',
    versionId: null,
    status: null,
    code: null,
    fault: null,
    ended: null,
  };
}
