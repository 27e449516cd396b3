import base from '../jest.config.js';

/** The tests of one scope (run.mjs says which), in the process that Stryker switches its mutants in. */
export default {
  ...base,
  rootDir: '..',
  testMatch: (process.env.MUTATION_TESTS ?? 'test/{config,evidence,actors}/**/*.test.ts')
    .split(' ')
    .map((pattern) => `<rootDir>/${pattern}`),
  maxWorkers: 1,
  // Half of what the tests have otherwise: a mutant that hangs is waited for so long.
  testTimeout: 15_000,
};
