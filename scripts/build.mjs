import { spawnSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/**
 * `npm run build`: compiles everything into dist/, and the command line once more into dist/bin/ with its packages beside it in a
 * few files. Most of a command's start is looking up and reading hundreds of small modules; what is imported late stays in files
 * of its own, and is not read before.
 */

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** What is not only JavaScript: an addon with its binary, and an optional reader of wasm. */
const LEFT_OUTSIDE = ['better-sqlite3', '@hpcc-js/wasm-graphviz'];
/** For the CommonJS packages in an ES module. Source: esbuild's documentation, "Bundling for node". */
const REQUIRE = `import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);`;

const CHILD_PROCESS = `const childProcess = require('node:child_process');`;

/**
 * Importing node:crypto evaluates all that it exports, Web Crypto among it: a third of what Node itself takes to start. As a property it
 * is what is used. commander needs node:child_process for commands that are programs of their own, which ours are not.
 */
const builtinsOnDemand = {
  name: 'builtins-on-demand',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(?:node:)?crypto$/ }, () => ({ path: 'crypto', namespace: 'builtin' }));
    onLoad({ filter: /.*/, namespace: 'builtin' }, () => ({
      contents: `module.exports = process.getBuiltinModule('node:crypto')`,
    }));
    onLoad({ filter: /commander\/lib\/command\.js$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      if (!text.includes(CHILD_PROCESS)) throw new Error(`${path} has no ${CHILD_PROCESS}: see how commander does it now`);
      return {
        contents: text.replace(
          CHILD_PROCESS,
          `const childProcess = { spawn: (...args) => require('node:child_process').spawn(...args) };`,
        ),
      };
    });
  },
};

const { status } = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
  cwd: ROOT,
  stdio: 'inherit',
});
if (status === 0) await bundle();
else process.exitCode = 1;

/**
 * Files of an earlier build stay: their names are of their content, and a process that is driving a run still reads its own ones.
 * Prints what is wrong, and throws, when it fails.
 */
async function bundle() {
  const { build } = await import('esbuild');
  await build({
    absWorkingDir: ROOT,
    entryPoints: { cutover: 'src/cli/main.ts' },
    outdir: 'dist/bin',
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    // Of a package that has both, the ES modules: only they can be taken apart.
    mainFields: ['module', 'main'],
    external: LEFT_OUTSIDE,
    banner: { js: REQUIRE },
    plugins: [builtinsOnDemand],
    logLevel: 'warning',
  });
  // For those who have it linked: npm does this only once.
  chmodSync(`${ROOT}dist/bin/cutover.js`, 0o755);
}
