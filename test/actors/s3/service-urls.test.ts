import { expect, test } from '@jest/globals';
import { serviceUrls } from '../../../src/actors/s3/service-urls.js';

const S3 = 'https://s3.ap-northeast-2.amazonaws.com/';
const STS = 'https://sts.ap-northeast-2.amazonaws.com/';

/** Source: the AWS SDKs and Tools Reference Guide, "Service-specific endpoints": the service's own variable goes first. */
test.each([
  ['the region’s own', {}, { s3: S3, sts: STS }],
  ['an endpoint for all', { AWS_ENDPOINT_URL: 'http://a' }, { s3: 'http://a', sts: 'http://a' }],
  ['an endpoint of S3 alone', { AWS_ENDPOINT_URL_S3: 'http://b' }, { s3: 'http://b', sts: STS }],
  ['an endpoint of STS alone', { AWS_ENDPOINT_URL_STS: 'http://c' }, { s3: S3, sts: 'http://c' }],
  [
    'the service’s own before the one for all',
    { AWS_ENDPOINT_URL: 'http://a', AWS_ENDPOINT_URL_S3: 'http://b' },
    { s3: 'http://b', sts: 'http://a' },
  ],
  ['empty variables are none', { AWS_ENDPOINT_URL: '', AWS_ENDPOINT_URL_S3: '', AWS_ENDPOINT_URL_STS: '' }, { s3: S3, sts: STS }],
])('requests go to %s', async (_what, env, urls) => {
  expect(await serviceUrls('ap-northeast-2', env)).toEqual(urls);
});

test('each partition has its own domain, and STS is asked in the region itself', async () => {
  expect(await serviceUrls('us-east-1', {})).toEqual({
    s3: 'https://s3.us-east-1.amazonaws.com/',
    sts: 'https://sts.us-east-1.amazonaws.com/',
  });
  expect(await serviceUrls('cn-north-1', {})).toEqual({
    s3: 'https://s3.cn-north-1.amazonaws.com.cn/',
    sts: 'https://sts.cn-north-1.amazonaws.com.cn/',
  });
});
