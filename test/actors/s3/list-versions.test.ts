import { describe, expect, test } from '@jest/globals';
import { listVersions } from '../../../src/actors/s3/list-versions.js';
import { failure } from '../sealing-context.js';
import { KEY, listing, scriptedSession } from './scripted-session.js';

const list = (...pages: object[]) => {
  const session = scriptedSession({ listObjectVersions: pages });
  return { session, listed: listVersions(session, KEY) };
};

describe('the versions at a key', () => {
  test('are those of exactly this key, objects and delete markers apart', async () => {
    const { session, listed } = list({
      IsTruncated: false,
      Versions: [
        { Key: KEY, VersionId: 'v2', ETag: '"e2"' },
        { Key: `${KEY}.sha256`, VersionId: 'other' },
        { Key: KEY, VersionId: 'v1' },
      ],
      DeleteMarkers: [{ Key: KEY, VersionId: 'd1' }, { Key: `${KEY}2` }],
    });
    expect(await listed).toEqual({
      versions: [
        { versionId: 'v2', etag: '"e2"' },
        { versionId: 'v1', etag: '' },
      ],
      deleteMarkers: ['d1'],
    });
    expect(session.calls).toEqual([['listObjectVersions', { Bucket: 'worm', Prefix: KEY }]]);
    expect(session.lines[0]).toBe(`$ s3api list-object-versions --prefix "${KEY}"`);
  });

  test('are none where S3 lists nothing', async () => {
    expect(await list({ IsTruncated: false }).listed).toEqual({ versions: [], deleteMarkers: [] });
  });

  test('are read page by page, as far as the key goes', async () => {
    const { session, listed } = list(
      { ...listing(['v4']), IsTruncated: true, NextKeyMarker: KEY, NextVersionIdMarker: 'v4' },
      { ...listing([], ['d3']), IsTruncated: true, NextKeyMarker: KEY },
      { ...listing(['v2']), IsTruncated: true, NextKeyMarker: `${KEY}2`, NextVersionIdMarker: 'w1' },
    );
    expect(await listed).toEqual({
      versions: [
        { versionId: 'v4', etag: '"e4"' },
        { versionId: 'v2', etag: '"e2"' },
      ],
      deleteMarkers: ['d3'],
    });
    expect(session.calls.map(([, input]) => input)).toEqual([
      { Bucket: 'worm', Prefix: KEY },
      { Bucket: 'worm', Prefix: KEY, KeyMarker: KEY, VersionIdMarker: 'v4' },
      { Bucket: 'worm', Prefix: KEY, KeyMarker: KEY },
    ]);
    expect(session.lines.filter((line) => line.startsWith('$'))[1]).toBe(
      `$ s3api list-object-versions --prefix "${KEY}" --key-marker "${KEY}" --version-id-marker "v4"`,
    );
  });

  test.each([
    ['does not say whether it is complete', { IsTruncated: undefined }, 'it does not say whether it is complete'],
    ['is cut off', { IsTruncated: true }, 'it is cut off without saying where to go on'],
    ['has a version without an id', { IsTruncated: false, Versions: [{ Key: KEY }] }, 'a version has no id'],
    ['has a delete marker without an id', { IsTruncated: false, DeleteMarkers: [{ Key: KEY }] }, 'a version has no id'],
  ])('are unknown when the list %s', async (_what, page, fault) => {
    expect(await failure(list(page).listed)).toMatchObject({
      code: 'S3_REJECTED',
      message: `The list of versions at ${KEY} cannot be used: ${fault}. Check that AWS_ENDPOINT_URL, if set, is a complete S3 service.`,
      options: { details: { key: KEY, fault } },
      transient: false,
    });
  });
});
