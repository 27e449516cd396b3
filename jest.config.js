/** Tests run as ES modules on the TypeScript sources; those that need the CLI as a process spawn the build in dist/. */
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'es6' } }],
  },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  testTimeout: 60_000,
  testSequencer: '<rootDir>/test/slowest-first.mjs',
  // Two more than there are cores: a test that starts processes waits for them, and for the disk, a good deal.
  maxWorkers: 4,
};
