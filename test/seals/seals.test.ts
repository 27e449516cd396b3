import { expect, test } from '@jest/globals';
import { sealInRgw, sealInStandIn } from './two-services.js';

/** `npm run soak -- --seals 1000` does the same for longer. */
test('150 seals in the stand-in, killed and cut off all the while, are exactly one locked version each', async () => {
  await expect(sealInStandIn({ count: 150, kills: 8, seed: 1 })).resolves.toBeUndefined();
}, 120_000);

test('50 seals in a real S3 server, killed and cut off all the while, are exactly one locked version each', async () => {
  await expect(sealInRgw({ count: 50, kills: 5, seed: 2 })).resolves.toBeUndefined();
}, 120_000);
