import TestSequencer from '@jest/test-sequencer';

/**
 * The suites that start processes first, the slowest of them at the head: jest goes by the size of a file it has not yet timed, and on
 * a fresh clone it would begin the longest ones when all the others are done. Those that wait for the disk run beside those that compute.
 */
const SLOWEST_FIRST = [
  /test\/docs\/commands/,
  /test\/crash\//,
  /test\/engine\/pilot-/,
  /test\/faults\/(?:gates|isolation|restoring|drill|upload|environment)/,
  /test\/(?:faults|e2e|seals)\//,
  /test\/evidence\/verify\/tamper/,
  /test\/(?:actors|store\/power-loss|machine\/(?:stored-run|invariants))/,
];

export default class SlowestFirst extends TestSequencer {
  sort(tests) {
    const rank = ({ path }) => {
      const index = SLOWEST_FIRST.findIndex((pattern) => pattern.test(path));
      return index < 0 ? SLOWEST_FIRST.length : index;
    };
    return super.sort(tests).toSorted((a, b) => rank(a) - rank(b));
  }
}
