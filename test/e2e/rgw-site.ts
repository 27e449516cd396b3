import { S3 } from '@aws-sdk/client-s3';
import { startRgw, type RunningRgw } from '../services/rgw/start.js';
import { Pilot } from './pilot.js';

/** A version or delete marker, as the bucket's list has it. */
export interface StoredVersion {
  /** The key's last part. */
  readonly name: string;
  readonly key: string;
  readonly versionId: string;
}

/** What a sealed run leaves in its bucket. */
export const SEALED = [
  '60_evidence_seal_manifest.json',
  '65_attestation.dsse.json',
  '70_worm_upload_stdout.txt',
  '80_history_after_seal.ndjson',
  '90_result_summary.txt',
  'evidence.tar.gz',
];

/** A real S3 server, the plain SDK to look into it, and pilots that seal in it; only the cluster, staging and STS are stand-ins. */
export class RgwSite {
  private constructor(
    readonly rgw: RunningRgw,
    readonly s3: S3,
  ) {}

  static async start(): Promise<RgwSite> {
    const rgw = await startRgw();
    const { url: endpoint, credentials } = rgw;
    return new RgwSite(rgw, new S3({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials, maxAttempts: 1 }));
  }

  async stop(): Promise<void> {
    this.s3.destroy();
    await this.rgw.stop();
  }

  /** A pilot that seals in a new bucket, reached at `url`; its deployments roll out at once. */
  async pilotIn(bucket: string, url = this.rgw.url): Promise<Pilot> {
    await this.rgw.createBucket(bucket);
    const pilot = await Pilot.create({ s3: { url, bucket, credentials: this.rgw.credentials } });
    await pilot.site.kubernetes.control({ timing: { observeMs: 5, rolloutMs: 20 } });
    return pilot;
  }

  /** Everything that lies in the bucket, by name. */
  async stored(bucket: string): Promise<StoredVersion[]> {
    const { Versions = [], DeleteMarkers = [], IsTruncated } = await this.s3.listObjectVersions({ Bucket: bucket });
    if (IsTruncated !== false) throw new Error(`${bucket} holds more than one list shows`);
    return [...Versions, ...DeleteMarkers]
      .map(({ Key = '', VersionId = '' }) => ({ name: Key.split('/').at(-1) ?? '', key: Key, versionId: VersionId }))
      .sort((a, b) => a.name.localeCompare(b.name));
  }

  /** Deletes everything in the bucket, whatever GOVERNANCE says, and what is being uploaded. */
  async empty(bucket: string): Promise<void> {
    for (const { key: Key, versionId: VersionId } of await this.stored(bucket)) {
      await this.s3.deleteObject({ Bucket: bucket, Key, VersionId, BypassGovernanceRetention: true });
    }
    for (const { Key, UploadId } of (await this.s3.listMultipartUploads({ Bucket: bucket })).Uploads ?? []) {
      await this.s3.abortMultipartUpload({ Bucket: bucket, Key, UploadId });
    }
  }
}
