import { describe, expect, test } from '@jest/globals';
import {
  judgeBucket,
  judgeEndpoint,
  judgeNamespace,
  judgePrefix,
  judgeRegion,
  judgeRetentionDays,
  judgeStagingUrl,
  judgeTsaUrl,
  type Judged,
} from '../../src/config/setting-rules.js';

const REGION = 'Set AWS_REGION to one such as ap-northeast-2.';
const BUCKET = 'Set DPP_WORM_BUCKET to the name alone, without s3:// and key.';
const PREFIX = 'Set DPP_WORM_PREFIX to a path such as evidence/cutover.';
const DAYS = 'Set DPP_WORM_RETENTION_DAYS in decimal digits, such as 365.';
const URL_ADVICE = 'Set DPP_STAGING_BASE_URL to one such as https://staging.api.dpp.example.com.';
const NAMESPACE = 'Set DPP_K8S_NAMESPACE to the staging namespace, or leave it unset for dpp-staging.';
const TSA = 'Set CUTOVER_TSA_URL to that of an RFC 3161 authority, such as https://tsa.example.com/tsr, or unset it.';
const ENDPOINT = 'Unset it, unless an S3 or STS service other than AWS is meant.';

type Rule = (text: string) => Judged<unknown>;

describe('what is accepted, and what becomes of it', () => {
  test.each<[Rule, string, unknown]>([
    [judgeRegion, 'us-gov-west-1', 'us-gov-west-1'],
    [judgeRegion, 'eusc-de-east-12', 'eusc-de-east-12'],
    [judgeBucket, 'abc', 'abc'],
    [judgeBucket, 'a'.repeat(63), 'a'.repeat(63)],
    [judgeBucket, '0.a-b.9', '0.a-b.9'],
    [judgeBucket, '192.168.1.1.5', '192.168.1.1.5'],
    [judgeBucket, 'a192.168.1.1', 'a192.168.1.1'],
    [judgeBucket, '192.168.1.1a', '192.168.1.1a'],
    [judgeBucket, 'my-xn--abc', 'my-xn--abc'],
    [judgeBucket, 'abc-s3alias-2', 'abc-s3alias-2'],
    [judgePrefix, "aZ_09!.*'()-/b", "aZ_09!.*'()-/b"],
    [judgePrefix, 'x'.repeat(900), 'x'.repeat(900)],
    [judgePrefix, '...', '...'],
    [judgePrefix, 'a/b//', 'a/b'],
    [judgeRetentionDays, '10', 10],
    [judgeStagingUrl, 'https://staging.example.com/a/b//', 'https://staging.example.com/a/b'],
    [judgeNamespace, 'a', 'a'],
    [judgeNamespace, '0-9', '0-9'],
    [judgeNamespace, 'a'.repeat(63), 'a'.repeat(63)],
    [judgeEndpoint, 'http://127.0.0.1:9000/', 'http://127.0.0.1:9000/'],
    [judgeTsaUrl, 'http://timestamp.example.com', 'http://timestamp.example.com/'],
    [judgeTsaUrl, 'https://tsa.example.com/tsr', 'https://tsa.example.com/tsr'],
    [judgeEndpoint, 'https://minio.example.com', 'https://minio.example.com'],
  ])('%p of %j', (judge, text, value) => {
    expect(judge(text)).toEqual({ value });
  });
});

describe('what is refused is told with its fault and what to do', () => {
  const region = (text: string): [Rule, string, string, string] => [
    judgeRegion,
    text,
    `${JSON.stringify(text)} is not the name of an AWS region`,
    REGION,
  ];
  const bucket = (text: string, fault: string): [Rule, string, string, string] => [
    judgeBucket,
    text,
    `${JSON.stringify(text)} ${fault}`,
    BUCKET,
  ];
  const prefix = (text: string, fault: string): [Rule, string, string, string] => [
    judgePrefix,
    text,
    `${JSON.stringify(text)} ${fault}`,
    PREFIX,
  ];
  const length = 'has not between 3 and 63 characters';
  const characters = 'may hold lower-case letters, digits, dots and hyphens only, and begins and ends with a letter or digit';
  const reserved = 'uses a prefix or suffix that S3 keeps for itself';
  const parts = 'begins with a slash, or has an empty, "." or ".." part';
  const credentials = 'the URL holds credentials (not shown here)';
  const days = (text: string): [Rule, string, string, string] => [
    judgeRetentionDays,
    text,
    `${JSON.stringify(text)} is not a whole number of days between 1 and 36500`,
    DAYS,
  ];
  test.each<[Rule, string, string, string]>([
    region(' us-east-1'),
    region('us-east-1 '),
    region('us-east-'),
    region('u-east-1'),
    region('us-east-123'),
    region('us-a-b-c-1'),
    bucket('ab', length),
    bucket('a'.repeat(64), length),
    bucket('a_b', characters),
    bucket('-ab', characters),
    bucket('ab.', characters),
    bucket('a..b', 'has two dots in a row'),
    bucket('192.168.10.11', 'looks like an IP address'),
    ...['xn--abc', 'sthree-abc', 'amzn-s3-demo-abc', 'abc-s3alias', 'abc--ol-s3', 'abc.mrap', 'abc--x-s3', 'abc--table-s3'].map(
      (name) => bucket(name, reserved),
    ),
    prefix('//', 'is empty without its slash'),
    prefix('a b', "may hold letters, digits and _ ! . * ' ( ) / - only"),
    prefix(' a', "may hold letters, digits and _ ! . * ' ( ) / - only"),
    prefix('/a', parts),
    prefix('a//b', parts),
    prefix('a/./b', parts),
    prefix('a/..', parts),
    prefix('x'.repeat(901), 'is longer than 900 characters'),
    days('0'),
    days('36501'),
    days('1 '),
    days('1.5'),
    [judgeStagingUrl, 'staging', '"staging" is not a URL', URL_ADVICE],
    [judgeStagingUrl, 'https://me@a.example.com', credentials, `${URL_ADVICE} Credentials do not belong into evidence.`],
    [judgeStagingUrl, 'https://:pw@a.example.com', credentials, `${URL_ADVICE} Credentials do not belong into evidence.`],
    [judgeStagingUrl, 'ftp://a.example.com', '"ftp://a.example.com" is not http or https', URL_ADVICE],
    [judgeStagingUrl, 'http://a/?b', '"http://a/?b" has a query, a fragment or white space', URL_ADVICE],
    [judgeStagingUrl, 'http://a/ ', '"http://a/ " has a query, a fragment or white space', URL_ADVICE],
    [judgeStagingUrl, 'http://a/prod/x', '"http://a/prod/x" refers to production ("prod")', URL_ADVICE],
    [judgeNamespace, 'a_b', '"a_b" is not the name of a namespace', NAMESPACE],
    [judgeNamespace, 'A', '"A" is not the name of a namespace', NAMESPACE],
    [judgeNamespace, 'a'.repeat(64), `"${'a'.repeat(64)}" is not the name of a namespace`, NAMESPACE],
    [judgeNamespace, 'dpp-prod', '"dpp-prod" refers to production ("prod")', NAMESPACE],
    [judgeTsaUrl, 'tsa', '"tsa" is not a URL', TSA],
    [judgeTsaUrl, 'http://me@a', credentials, `${TSA} Credentials do not belong into evidence.`],
    [judgeTsaUrl, 'http://:pw@a', credentials, `${TSA} Credentials do not belong into evidence.`],
    [judgeTsaUrl, 'ftp://a', '"ftp://a" is not http or https', TSA],
    [judgeTsaUrl, 'http://a/?token=b', 'the URL has a query, a fragment or white space (not shown here)', TSA],
    [judgeTsaUrl, 'http://a/\n', 'the URL has a query, a fragment or white space (not shown here)', TSA],
    [judgeEndpoint, 'minio', '"minio" is not a URL', ENDPOINT],
    [judgeEndpoint, 'http://me@a', credentials, ENDPOINT],
    [judgeEndpoint, 'http://:pw@a', credentials, ENDPOINT],
    [judgeEndpoint, 'ftp://a', '"ftp://a" is not http or https', ENDPOINT],
  ])('%p of %j', (judge, text, fault, advice) => {
    expect(judge(text)).toEqual({ fault, advice });
  });
});
