import { expect, test } from '@jest/globals';
import { PICTURE_HEAD_BYTES, pictureType } from '../../src/evidence/picture-type.js';

test.each([
  ['PNG', '89504e470d0a1a0a0000000d'],
  ['JPEG', 'ffd8ffe0'],
  ['WebP', '5249464600000000574542505650'],
  ['PDF', '255044462d312e37'],
  [null, '5249464600000000415649204c495354'],
  [null, '89504e470d0a1a'],
  [null, 'ffd8'],
  [null, '474946383961'],
  [null, '2025504446'],
  [null, ''],
])('%s is told by its first bytes: %s', (type, hex) => {
  const bytes = Buffer.from(hex, 'hex');
  expect(pictureType(bytes)).toBe(type);
  expect(pictureType(bytes.subarray(0, PICTURE_HEAD_BYTES))).toBe(type);
});
