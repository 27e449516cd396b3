import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { manifestJson, manifestJsonSchema, parseManifest, redactedBucket, type Manifest } from '../../src/evidence/manifest.js';
import { manifest } from './manifest-example.js';

const withField = (field: string, value: unknown) => JSON.stringify({ ...manifest, [field]: value });

describe('a manifest', () => {
  test('is read as it was written, in the order of the schema', () => {
    const shuffled = Object.fromEntries(Object.entries(manifest).toReversed()) as unknown as Manifest;
    expect(manifestJson(shuffled)).toBe(manifestJson(manifest));
    expect(parseManifest(manifestJson(manifest))).toEqual(manifest);
    expect(manifestJson(manifest)).toMatch(/^\{\n {2}"schema_version": 1,\n {2}"run_id"[^]*\}\n$/);
  });

  test('without any one of its fields is refused, by the name of the field', () => {
    fc.assert(
      fc.property(fc.constantFrom(...(Object.keys(manifest) as (keyof Manifest)[])), (field) => {
        const rest = Object.fromEntries(Object.entries(manifest).filter(([name]) => name !== field));
        expect(() => parseManifest(JSON.stringify(rest), 'm.json')).toThrow(expect.objectContaining({ file: 'm.json', field }));
      }),
    );
  });

  test.each([
    ['schema_version', 2],
    ['sha256', 'A'.repeat(64)],
    ['sha256', 'a'.repeat(63)],
    ['s3_bucket', 'dpp-audit-worm-pilot'],
    ['s3_key', 'evidence/cutover/phase6_4_cutover/20260221T120001Z/evidence.tar.gz'],
    ['s3_key', 'xphase6_4_cutover/20260221T120000Z/evidence.tar.gz'],
    ['lock_mode', 'governance'],
    ['verified_lock_mode', 'COMPLIANCE'],
    ['retain_until', '2027-02-21T12:05:02.000Z'],
    ['retain_until', '2027-02-30T12:05:02Z'],
    ['retain_until', '2026-02-21T12:05:02Z'],
    ['verified_retain_until', '2027-02-21T12:05:01Z'],
    ['verified_retain_until', null],
    ['retention_days', 0],
    ['retention_days', 1.5],
    ['retention_days', '365'],
    ['tarball_size_bytes', 0],
    ['version_id', ''],
    ['version_id', 'null\nnull'],
    ['content_verified_by', 'trust'],
    ['verdict', 'pass'],
    ['surplus', 1],
  ])('with %s = %j is refused on reading and on writing', (field, value) => {
    expect(() => parseManifest(withField(field, value))).toThrow(
      expect.objectContaining({ name: 'ManifestError', field, message: expect.stringContaining(field) }),
    );
    expect(() => manifestJson(JSON.parse(withField(field, value)) as Manifest)).toThrow(expect.objectContaining({ field }));
  });

  test('may be retained for longer than asked', () => {
    expect(parseManifest(withField('verified_retain_until', '2027-02-21T12:05:03Z'))).toBeTruthy();
  });

  test.each(['', '{', 'null', '[]', '"x"'])('is not %j', (text) => {
    expect(() => parseManifest(text)).toThrow(expect.objectContaining({ name: 'ManifestError', field: '(document)' }));
  });

  test('does not show the whole bucket name', () => {
    expect(redactedBucket('dpp-audit-worm-pilot')).toBe('dpp***');
    expect(parseManifest(withField('s3_bucket', redactedBucket('abc')))).toBeTruthy();
  });
});

test('the published schema requires every field and allows no other', () => {
  const schema = manifestJsonSchema();
  expect(schema).toMatchObject({ type: 'object', additionalProperties: false, $schema: expect.stringContaining('2020-12') });
  expect((schema['required'] as string[]).toSorted()).toEqual(Object.keys(manifest).toSorted());
});
