/**
 * The arrows of docs/architecture.md: cli -> engine -> (machine, actors, store) -> (evidence, config).
 * @type {import('dependency-cruiser').IConfiguration}
 */
const layer = (name) => `^src/${name}/`;
const only = (from, allowed) => ({
  name: `${from}-depends-on-lower-layers-only`,
  severity: 'error',
  from: { path: layer(from) },
  to: { path: '^src/', pathNot: [from, ...allowed].map(layer) },
});

module.exports = {
  forbidden: [
    only('config', ['evidence']),
    only('evidence', ['config']),
    only('store', ['evidence', 'config']),
    only('actors', ['evidence', 'config']),
    only('machine', ['evidence', 'config']),
    only('engine', ['machine', 'actors', 'store', 'evidence', 'config']),
    {
      name: 'machine-does-no-io',
      comment: 'The machine is pure; hashing (node:crypto, in evidence) is no I/O.',
      severity: 'error',
      from: { path: layer('machine') },
      to: { dependencyTypes: ['core'] },
    },
    { name: 'engine-knows-no-step', severity: 'error', from: { path: layer('engine') }, to: { path: layer('machine') } },
    { name: 'src-knows-no-test', severity: 'error', from: { path: '^src/' }, to: { path: '^(test|demo|bench|scripts)/' } },
    { name: 'stand-ins-know-nothing-of-src', severity: 'error', from: { path: '^test/services/' }, to: { path: '^src/' } },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
    { name: 'no-orphans', severity: 'error', from: { path: '^src/', orphan: true, pathNot: '^src/cli/main\\.ts$' }, to: {} },
    {
      name: 'no-dev-dependency-in-src',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      extensions: ['.ts', '.js'],
    },
  },
};
