import { sealInRgw, sealInStandIn } from '../dist/test/seals/two-services.js';

const SERVICES = [
  ['the stand-in for S3', sealInStandIn],
  ['Ceph', sealInRgw],
];
/** One kill for so many seals. */
const SEALS_A_KILL = 10;

/** Seals so many objects in each service, killed and cut off all the while; returns the exit code: 0 when each has exactly one locked version. */
export async function soakSeals(count, seed) {
  if (!Number.isSafeInteger(count) || count < 1) {
    console.error(`--seals is ${count}: give a whole number above 0.`);
    return 64;
  }
  let exitCode = 0;
  const kills = Math.ceil(count / SEALS_A_KILL);
  for (const [service, seal] of SERVICES) {
    const began = Date.now();
    try {
      await seal({ count, kills, seed });
      const seconds = Math.round((Date.now() - began) / 1000);
      console.log(`${count} seals in ${service}, killed up to ${kills} times: exactly one locked version each (${seconds} s)`);
    } catch (error) {
      console.log(`FAILED in ${service}: ${error.message}`);
      exitCode = 1;
    }
  }
  return exitCode;
}
