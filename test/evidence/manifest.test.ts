import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import type { Settings } from '../../src/config/settings.js';
import type { VerifiedFacts, VerifyInput } from '../../src/config/step-contracts.js';
import {
  manifestJson,
  manifestJsonSchema,
  parseManifest,
  redactedBucket,
  sealManifest,
  type Manifest,
} from '../../src/evidence/manifest.js';
import { manifest } from './manifest-example.js';

const withField = (field: string, value: unknown) => JSON.stringify({ ...manifest, [field]: value });

const FILE = '60_evidence_seal_manifest.json';

describe('a manifest', () => {
  test('is read as it was written, in the order of the schema', () => {
    const shuffled = Object.fromEntries(Object.entries(manifest).toReversed()) as unknown as Manifest;
    expect(manifestJson(shuffled)).toBe(manifestJson(manifest));
    expect(parseManifest(manifestJson(manifest))).toEqual(manifest);
    expect(manifestJson(manifest)).toMatch(/^\{\n {2}"schema_version": 1,\n {2}"run_id"[^]*\}\n$/);
  });

  test.each(Object.keys(manifest))('without its field %s is refused, by the name of the field', (field) => {
    const rest = Object.fromEntries(Object.entries(manifest).filter(([name]) => name !== field));
    expect(() => parseManifest(JSON.stringify(rest))).toThrow(expect.objectContaining({ file: FILE, field }));
  });

  const digits = 'must be 64 lower-case hexadecimal digits';
  const oneLine = 'must be one line, not empty';
  const seconds = 'must be YYYY-MM-DDThh:mm:ssZ';
  const key = 'must be in the folder of a run: .../FOLDER/20260221T120000Z/evidence.tar.gz';
  test.each<[string, unknown, string | RegExp]>([
    ['schema_version', 2, /expected 1/],
    ['run_id', '20260221T120000', 'must be a run id, YYYYMMDDTHHMMSSZ'],
    ['run_id', 'x20260221T120000Z', 'must be a run id, YYYYMMDDTHHMMSSZ'],
    ['run_id', '20260221T120000Zx', 'must be a run id, YYYYMMDDTHHMMSSZ'],
    ['sha256', 'A'.repeat(64), digits],
    ['sha256', 'a'.repeat(63), digits],
    ['sha256', 'a'.repeat(65), digits],
    ['chain_head', '', digits],
    ['s3_bucket', 'dpp-audit-worm-pilot', 'must be the first 3 characters and ***'],
    ['s3_bucket', 'xdpp***', 'must be the first 3 characters and ***'],
    ['s3_bucket', 'dpp***x', 'must be the first 3 characters and ***'],
    ['s3_bucket', '-pp***', 'must be the first 3 characters and ***'],
    ['s3_key', 'evidence/cutover/phase6_4_cutover/20260221T120001Z/evidence.tar.gz', key],
    ['s3_key', '/20260221T120000Z/evidence.tar.gz', key],
    ['s3_key', 'evidence/cutover//20260221T120000Z/evidence.tar.gz', key],
    ['s3_key', 'x20260221T120000Z/evidence.tar.gz', key],
    ['s3_key', '/phase6_4_cutover/20260221T120000Z/evidence.tar.gz/x', key],
    ['lock_mode', 'governance', /"GOVERNANCE"\|"COMPLIANCE"/],
    ['verified_lock_mode', 'COMPLIANCE', 'must be lock_mode, GOVERNANCE'],
    ['generated_at', '2026-02-21T12:05:02', seconds],
    ['retain_until', '2027-02-21T12:05:02.000Z', seconds],
    ['retain_until', 'x2027-02-21T12:05:02Z', seconds],
    ['retain_until', '2027-02-30T12:05:02Z', 'is no instant of the calendar'],
    ['retain_until', '2027-02-21T24:00:00Z', 'is no instant of the calendar'],
    ['retain_until', '2027-13-21T12:00:00Z', 'is no instant of the calendar'],
    ['retain_until', '2026-02-21T12:05:02Z', 'must be after generated_at'],
    ['retain_until', '2026-02-21T12:05:01Z', 'must be after generated_at'],
    ['verified_retain_until', '2027-02-21T12:05:01Z', 'must not be before retain_until, 2027-02-21T12:05:02Z'],
    ['verified_retain_until', null, /expected string/],
    ['retention_days', 0, />0/],
    ['retention_days', 1.5, /expected int/],
    ['retention_days', '365', /expected number/],
    ['tarball_size_bytes', 0, />0/],
    ['seal_seq', 0, />0/],
    ['version_id', '', oneLine],
    ['version_id', 'null\nnull', oneLine],
    ['etag', '\n"x"', oneLine],
    ['tarball_path', 'x\n', oneLine],
    ['content_verified_by', 'trust', /"checksum-sha256"\|"download"/],
    ['verdict', 'pass', /"PASS"\|"FAIL"/],
    ['surplus', 1, 'Unrecognized key: "surplus"'],
  ])('with %s = %j is refused on reading and on writing', (field, value, fault) => {
    const text = withField(field, value);
    const refused = () => {
      const begin = `The seal manifest ${FILE} is not valid: ${field}: `;
      const message =
        typeof fault === 'string'
          ? `${begin}${fault}. Compare it with the locked copy beside the archive.`
          : expect.stringMatching(fault);
      return expect.objectContaining({ name: 'ManifestError', code: 'MANIFEST_INVALID', file: FILE, field, message });
    };
    expect(() => parseManifest(text)).toThrow(refused());
    expect(() => manifestJson(JSON.parse(text) as Manifest)).toThrow(refused());
  });

  test.each([
    ['s3_key', 'phase6_4_cutover/20260221T120000Z/evidence.tar.gz'],
    ['s3_bucket', '0.-***'],
    ['verdict', 'FAIL'],
    ['content_verified_by', 'download'],
    ['retain_until', '2026-02-21T12:05:03Z'],
  ])('may have %s = %j', (field, value) => {
    expect(parseManifest(withField(field, value))).toEqual({ ...manifest, [field]: value });
  });

  test('with several fields that nobody knows names them all', () => {
    const text = JSON.stringify({ ...manifest, surplus: 1, more: 2 });
    expect(() => parseManifest(text)).toThrow(expect.objectContaining({ field: 'surplus, more' }));
  });

  test('of a COMPLIANCE lock says so twice', () => {
    const locked = { ...manifest, lock_mode: 'COMPLIANCE', verified_lock_mode: 'COMPLIANCE' };
    expect(parseManifest(JSON.stringify(locked))).toEqual(locked);
  });

  test('may be retained for longer than asked', () => {
    expect(parseManifest(withField('verified_retain_until', '2027-02-21T12:05:03Z'))).toBeTruthy();
  });

  test.each([
    ['', /is not JSON \(Unexpected end of JSON input\)\. Compare it/],
    ['{', /is not JSON \(.+\)\. Compare it/],
    ['null', /expected object/],
    ['[]', /expected object/],
    ['"x"', /expected object/],
  ])('is not %j', (text, message) => {
    expect(() => parseManifest(text)).toThrow(
      expect.objectContaining({ name: 'ManifestError', field: '(document)', message: expect.stringMatching(message) }),
    );
  });

  test('does not show the whole bucket name', () => {
    expect(redactedBucket('dpp-audit-worm-pilot')).toBe('dpp***');
    expect(parseManifest(withField('s3_bucket', redactedBucket('abc')))).toBeTruthy();
  });
});

test('a sealed run is described by what was asked for and what was read back', () => {
  const settings = { bucket: 'dpp-audit-worm-pilot', lockMode: 'GOVERNANCE', retentionDays: 365 } as Settings;
  const { sha256, tarball_size_bytes: size, chain_head: chainHead, seal_seq: upToSeq } = manifest;
  const input: VerifyInput = {
    settings,
    bucketOwner: '000000000000',
    key: manifest.s3_key,
    archive: { sha256, size, chainHead, files: 12 },
    retainUntil: manifest.retain_until,
    upload: {
      versionId: manifest.version_id,
      etag: manifest.etag,
      adopted: false,
      checksum: 'nEUH4MB9t/tg3v3VKWCDG3jgzhV4sfqSRjtPP3rHAbI=-1',
    },
    uploads: {},
    upToSeq,
    generatedAt: manifest.generated_at,
    verdict: 'PASS',
  };
  const readBack: VerifiedFacts = {
    lockMode: 'COMPLIANCE',
    retainUntil: '2027-02-21T12:05:03Z',
    contentVerifiedBy: 'download',
  };
  expect(sealManifest(manifest.run_id, input, readBack)).toEqual({
    ...manifest,
    tarball_path: 'evidence.tar.gz',
    verified_lock_mode: 'COMPLIANCE',
    verified_retain_until: '2027-02-21T12:05:03Z',
    content_verified_by: 'download',
  });
});

test('the published schema is the one that is enforced, requires every field and allows no other', () => {
  const schema = manifestJsonSchema();
  expect(schema).toMatchObject({ type: 'object', additionalProperties: false, $schema: expect.stringContaining('2020-12') });
  expect((schema['required'] as string[]).toSorted()).toEqual(Object.keys(manifest).toSorted());
  // Out of date? npm run docs
  const published = readFileSync(new URL('../../docs/evidence-manifest.schema.json', import.meta.url), 'utf8');
  expect(JSON.parse(published)).toEqual(schema);
});
