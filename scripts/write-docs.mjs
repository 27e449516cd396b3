import { spawnSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** `npm run docs`: writes what the docs show of the program, from the build in dist/: the drawing, the schema, example files, the transcript. */

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CLI = join(ROOT, 'dist/bin/cutover.js');

const { manifestJsonSchema } = await import('../dist/src/evidence/manifest.js');
const { siteJsonSchema } = await import('../dist/src/config/site-file.js');
const { policyJsonSchema } = await import('../dist/src/config/policy-file.js');
const { statementJsonSchema } = await import('../dist/src/evidence/attestation/statement.js');
const { signOffStatementJsonSchema } = await import('../dist/src/evidence/sign-off/statement.js');
write('docs/machine.svg', graph('svg'));
write('docs/machine.mmd', graph('mermaid'));
const { withFaultTables } = await import('../dist/test/faults/fault-table.js');
write('docs/failure-modes.md', withFaultTables(readFileSync(join(ROOT, 'docs/failure-modes.md'), 'utf8')));
const { withTamperTable } = await import('../dist/test/evidence/verify/tamper-table.js');
write('docs/evidence-format.md', withTamperTable(readFileSync(join(ROOT, 'docs/evidence-format.md'), 'utf8')));
const { withCorpusTable } = await import('../dist/test/evidence/corpus/quality.js');
write('docs/security-model.md', await withCorpusTable(readFileSync(join(ROOT, 'docs/security-model.md'), 'utf8')));
write('docs/evidence-manifest.schema.json', `${JSON.stringify(manifestJsonSchema(), null, 2)}\n`);
write('docs/evidence-attestation.schema.json', `${JSON.stringify(statementJsonSchema(), null, 2)}\n`);
write('docs/sign-off-statement.schema.json', `${JSON.stringify(signOffStatementJsonSchema(), null, 2)}\n`);
write('docs/config.schema.json', `${JSON.stringify(siteJsonSchema(), null, 2)}\n`);
write('docs/policy.schema.json', `${JSON.stringify(policyJsonSchema(), null, 2)}\n`);
for (const name of readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'))) showFiles(`docs/${name}`);
console.log('Running a pilot cutover for the transcript (under a minute)...');
write('README.md', await withTranscript(readFileSync(join(ROOT, 'README.md'), 'utf8')));

/** Puts into the block below each `<!-- file: ... -->` what that file says. */
function showFiles(document) {
  const text = readFileSync(join(ROOT, document), 'utf8');
  const shown = text.replaceAll(/(<!-- file: (\S+) -->\n\n```\w+\n)[\s\S]*?(```\n)/g, (_all, before, file, after) =>
    [before, readFileSync(join(ROOT, file), 'utf8'), after].join(''),
  );
  if (shown !== text) write(document, shown);
}

function graph(format) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, 'graph', '--format', format], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`cutover graph --format ${format} ended with ${status}: ${stderr}`);
  return stdout;
}

/** Runs the commands between the markers on a pilot site, in one shell, and puts below each what it printed. */
async function withTranscript(readme) {
  const [, before, block, after] =
    /^([\s\S]*<!-- transcript -->\n\n```console\n)([\s\S]*?)(```\n\n<!-- \/transcript -->[\s\S]*)$/.exec(readme) ?? [];
  if (block === undefined) throw new Error('README.md has no console block between its transcript markers');
  const commands = block.split('\n').filter((line) => line.startsWith('$ '));
  const directory = mkdtempSync(join(tmpdir(), 'cutover-docs-'));
  const { createPilotSite } = await import('../dist/demo/pilot-site.js');
  const site = await createPilotSite(directory);
  try {
    const echoed = commands.map((line) => `printf '%s\\n' '${line.replaceAll("'", "'\\''")}'\n${line.slice(2)}`);
    const printed = await shell(site, ['exec 2>&1', ...echoed].join('\n'));
    return `${before}${printed.replaceAll(directory, '').trimEnd()}\n${after}`;
  } finally {
    await site.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function shell({ repository, env }, script) {
  const PATH = [join(ROOT, 'test/docs/bin'), env.PATH].join(delimiter);
  const child = spawn('sh', ['-c', script], {
    cwd: repository,
    env: { ...env, PATH, EDITOR: 'play-verifier' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  for await (const chunk of child.stdout.setEncoding('utf8')) text += chunk;
  return text;
}

function write(file, text) {
  const path = join(ROOT, file);
  writeFileSync(path, text);
  console.log(`wrote ${file}`);
}
