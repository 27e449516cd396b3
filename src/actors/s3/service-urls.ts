export interface ServiceUrls {
  readonly s3: string;
  readonly sts: string;
}

/** Where the SDK sends requests to S3 and STS: the environment's endpoints, else the region's own (each partition has its domain). */
export async function serviceUrls(region: string, env: NodeJS.ProcessEnv): Promise<ServiceUrls> {
  const named = (service: 'S3' | 'STS') => env[`AWS_ENDPOINT_URL_${service}`] || env['AWS_ENDPOINT_URL'] || null;
  const { S3 } = await import('@aws-sdk/client-s3');
  const { STS } = await import('@aws-sdk/client-sts');
  const parameters = { Region: region, UseFIPS: false, UseDualStack: false };
  const s3 = new S3({ region });
  const sts = new STS({ region });
  try {
    return {
      s3: named('S3') ?? s3.config.endpointProvider(parameters).url.href,
      sts: named('STS') ?? sts.config.endpointProvider({ ...parameters, UseGlobalEndpoint: false }).url.href,
    };
  } finally {
    s3.destroy();
    sts.destroy();
  }
}
