import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startKubernetes, type RunningKubernetes } from '../test/services/kubernetes/start.js';
import { startS3, type RunningS3, type S3Options } from '../test/services/s3/server.js';
import { startStaging, type RunningStaging } from '../test/services/staging/server.js';
import { createRepository } from './repository.js';
import { PILOT, type SampleService } from './sample-service.js';

export const BUCKET = PILOT.bucket;

/** All that a cutover touches, on this machine: a repository, and stand-ins for the cluster, staging, S3 and STS. */
export interface PilotSite {
  /** The repository: the directory to run `cutover` in. */
  readonly repository: string;
  /** Where the evidence of its runs is. */
  readonly evidenceRoot: string;
  /** What the sample exports (the pilot: the runbook's "Required ENV"), and where kubectl, git and the AWS SDK find their settings. Nothing of our own environment but PATH. */
  readonly env: Readonly<Record<string, string>>;
  readonly kubernetes: RunningKubernetes;
  readonly s3: RunningS3;
  readonly staging: RunningStaging;
  stop(): Promise<void>;
}

export interface PilotSiteOptions {
  /** What is cut over; the pilot, if not said. */
  readonly sample?: SampleService;
  /** An S3 service to seal in instead of the stand-in, which then answers for STS alone. The bucket is there. */
  readonly s3?: {
    readonly url: string;
    readonly bucket: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  };
}

/** Sets up a site below `directory`, which is made. The servers listen on the loopback interface until `stop`. */
export async function createPilotSite(
  directory: string,
  { s3: service, sample = PILOT }: PilotSiteOptions = {},
): Promise<PilotSite> {
  const repository = join(directory, sample.repository.name);
  const home = join(directory, 'home');
  const kubeconfig = join(home, 'kubeconfig');
  await mkdir(join(home, '.aws'), { recursive: true });
  const [kubernetes, s3, staging] = await Promise.all([
    startKubernetes({ service: sample.staging, namespace: sample.staging.namespace, context: sample.staging.namespace }),
    startS3({
      bucket: sample.bucket,
      region: sample.region,
      role: sample.profile,
      dataDir: join(directory, 's3'),
      ...keysOf(service),
    }),
    startStaging(),
    createRepository(repository, sample.repository),
  ]);
  await kubernetes.writeKubeconfig(kubeconfig);
  await writeFile(join(home, '.aws/credentials'), credentialsFile(sample.profile, s3), { mode: 0o600 });
  return {
    repository,
    evidenceRoot: join(repository, sample.evidenceRoot),
    env: {
      PATH: process.env.PATH ?? '',
      HOME: home,
      USER: 'operator',
      TZ: 'UTC',
      KUBECONFIG: kubeconfig,
      ...(service === undefined
        ? { AWS_ENDPOINT_URL: s3.url }
        : { AWS_ENDPOINT_URL_S3: service.url, AWS_ENDPOINT_URL_STS: s3.url }),
      ...sample.variables(service?.bucket ?? sample.bucket),
      DPP_STAGING_BASE_URL: staging.url,
    },
    kubernetes,
    s3,
    staging,
    async stop() {
      kubernetes.stop();
      await Promise.all([s3.stop(), staging.stop()]);
    },
  };
}

/** The stand-in's STS knows the same keys as the service. */
function keysOf(service: PilotSiteOptions['s3']): Partial<S3Options> {
  return service === undefined
    ? {}
    : { accessKey: service.credentials.accessKeyId, secretKey: service.credentials.secretAccessKey };
}

function credentialsFile(profile: string, { credentials }: RunningS3): string {
  return `[${profile}]\naws_access_key_id = ${credentials.accessKeyId}\naws_secret_access_key = ${credentials.secretAccessKey}\n`;
}
