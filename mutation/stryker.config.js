/**
 * `npm run mutation [-- --mutate 'src/config/*.ts']`: changes one thing at a time in what proves, and sees whether a test notices.
 * @type {import('@stryker-mutator/api/core').PartialStrykerOptions}
 */
export default {
  mutate: ['src/actors/**/*.ts', 'src/evidence/**/*.ts', 'src/config/**/*.ts'],
  testRunner: 'jest',
  testRunnerNodeArgs: ['--experimental-vm-modules', '--no-warnings'],
  jest: { configFile: 'mutation/jest.config.js' },
  coverageAnalysis: 'perTest',
  ignorePatterns: ['/.demo', '/bench', '/docs', '/dist'],
  concurrency: 2,
  // Generous: a busy machine must not make a survivor look like one that hangs.
  timeoutMS: 30_000,
  incremental: true,
  incrementalFile: 'mutation/incremental.json',
  reporters: ['clear-text', 'progress-append-only', 'json'],
  jsonReporter: { fileName: 'mutation/report.json' },
  clearTextReporter: { allowColor: false, reportTests: false, reportScoreTable: true },
  thresholds: { high: 95, low: 85, break: 85 },
  allowEmpty: false,
  disableTypeChecks: false,
};
