import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client, S3ServiceException, type S3ClientConfig } from '@aws-sdk/client-s3';
import { startS3, type RunningS3, type S3Options } from './server.js';

/** A stand-in with one bucket, and an SDK client for it; `end` stops both and removes the files. */
export interface S3UnderTest {
  readonly s3: RunningS3;
  readonly client: S3Client;
  readonly dataDir: string;
  connect(config?: S3ClientConfig): S3Client;
  end(): Promise<void>;
}

/** The SDK warns on the console of each refused stream. */
const silent = { debug() {}, info() {}, warn() {}, error() {} };

export const bucketName = 'dpp-audit-worm-test';

/** Starts it; the client does not retry, so that each test sees each answer. */
export async function s3UnderTest(options: Partial<S3Options> = {}): Promise<S3UnderTest> {
  const dataDir = await mkdtemp(join(tmpdir(), 's3-stand-in-'));
  const s3 = await startS3({ bucket: bucketName, dataDir, ...options });
  const clients: S3Client[] = [];
  const connect = (config: S3ClientConfig = {}) => {
    const client = new S3Client({
      endpoint: s3.url,
      region: 'ap-northeast-2',
      forcePathStyle: true,
      credentials: s3.credentials,
      maxAttempts: 1,
      logger: silent,
      ...config,
    });
    clients.push(client);
    return client;
  };
  return {
    s3,
    client: connect(),
    dataDir,
    connect,
    async end() {
      for (const client of clients) client.destroy();
      await s3.stop();
      await rm(dataDir, { recursive: true });
    },
  };
}

/** The status and the code with which a call was refused; throws when it was not. */
export async function refusal(call: Promise<unknown>): Promise<{ status: number | undefined; code: string; message: string }> {
  try {
    await call;
  } catch (error) {
    if (error instanceof S3ServiceException) {
      return { status: error.$metadata.httpStatusCode, code: error.name, message: error.message };
    }
    throw error;
  }
  throw new Error('the call succeeded');
}

/** A date so many days from when the test file was loaded, in whole seconds. */
export const inDays = (days: number) => new Date(Math.floor(LOADED / 1000 + days * 86_400) * 1000);

/** Read once: a date that is asked for twice is the same. */
const LOADED = Date.now();
