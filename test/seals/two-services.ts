import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3 } from '@aws-sdk/client-s3';
import { startRgw } from '../services/rgw/start.js';
import { startS3 } from '../services/s3/server.js';
import { startCuttingRelay } from './cutting-relay.js';
import { dice, eachIsLockedOnce, sealDisturbed } from './disturbed-seals.js';

export interface ManySeals {
  readonly count: number;
  readonly kills: number;
  readonly seed: number;
}

const BUCKET = 'worm';
const AT_ONCE = 4;
/** One request in so many is cut. */
const CUT_ONE_IN = 12;
const MOMENTS = ['before', 'during', 'after'] as const;

/** Seals so many objects in the stand-in for S3, killed and cut off all the while; throws unless each has exactly one locked version. */
export async function sealInStandIn({ count, kills, seed }: ManySeals): Promise<void> {
  const roll = dice(seed);
  const dataDir = await mkdtemp(join(tmpdir(), 'seals-s3-'));
  const s3 = await startS3({ bucket: BUCKET, dataDir });
  const disturb = () => {
    if (roll(CUT_ONE_IN) === 0) s3.control({ faults: [{ at: MOMENTS[roll(3)], reset: true }] });
  };
  try {
    const { url, credentials } = s3;
    await sealDisturbed({ url, bucket: BUCKET, credentials, count, atOnce: AT_ONCE, kills, roll, disturb });
    s3.control({ clearFaults: true });
    await withClient(s3, 'ap-northeast-2', (client) => eachIsLockedOnce(client, BUCKET, count));
  } finally {
    await s3.stop();
    await rm(dataDir, { recursive: true });
  }
}

/** The same in Ceph's gateway, which ignores `If-None-Match` and takes no lock before there is a version. */
export async function sealInRgw({ count, kills, seed }: ManySeals): Promise<void> {
  const roll = dice(seed);
  const rgw = await startRgw();
  const relay = await startCuttingRelay(rgw.url);
  const disturb = () => {
    if (roll(CUT_ONE_IN) === 0) relay.cut(MOMENTS[roll(3)] ?? 'before');
  };
  try {
    await rgw.createBucket(BUCKET);
    const { credentials } = rgw;
    await sealDisturbed({ url: relay.url, bucket: BUCKET, credentials, count, atOnce: AT_ONCE, kills, roll, disturb });
    await withClient(rgw, 'us-east-1', (client) => eachIsLockedOnce(client, BUCKET, count));
  } finally {
    await relay.stop();
    await rgw.stop();
  }
}

async function withClient(
  { url: endpoint, credentials }: Pick<Awaited<ReturnType<typeof startRgw>>, 'url' | 'credentials'>,
  region: string,
  use: (client: S3) => Promise<void>,
): Promise<void> {
  const client = new S3({ endpoint, region, forcePathStyle: true, credentials });
  try {
    await use(client);
  } finally {
    client.destroy();
  }
}
