import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createPilotSite, type PilotSite } from './pilot-site.js';
import { playVerifier } from './play-verifier.js';
import { runCommand } from './run-command.js';
import { PILOT } from './sample-service.js';

/** From dist/demo/ to the project's root. */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CLI = join(ROOT, 'dist/bin/cutover.js');
const EVIDENCE_ROOT = PILOT.evidenceRoot;

/** The whole pilot cutover on stand-ins: the runbook's two runs with the human pause between them, then an auditor's checks. */
async function demo(): Promise<void> {
  const directory = join(ROOT, '.demo');
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory);
  title('A pilot site on this machine: a repository, and stand-ins for the cluster, staging, S3 with Object Lock, and STS');
  const site = await createPilotSite(directory);
  try {
    await cutover(site);
  } finally {
    await site.stop();
  }
}

async function cutover(site: PilotSite): Promise<void> {
  title('Run 1: steps 0 to 3, then the human gate');
  await expectExit(2, site, ['run']);

  const [runId] = (await readdir(join(site.repository, EVIDENCE_ROOT))).filter((name) => /^\d{8}T\d{6}Z$/.test(name));
  if (runId === undefined) throw new Error(`no run below ${EVIDENCE_ROOT}`);
  const runDirectory = join(EVIDENCE_ROOT, runId);
  console.log('\nExit code 2: the run waits for a person, for as long as it takes. Going on without one is refused:');
  await expectExit(2, site, ['resume', runId]);

  title('The human step (a script plays the verifier here; in a real run only a person may)');
  await playVerifier(join(site.repository, runDirectory));
  console.log(`A screenshot was put into ${runDirectory}/56_db_restore_screenshots/, and the checkpoint was filled in.`);

  title('Run 2: sealing, WORM upload, verification, summary');
  await expectExit(0, site, ['run', '--seal-only'], { EVIDENCE_DIR: runDirectory });

  title('What the run went through');
  await expectExit(0, site, ['history', 'latest']);

  title("An auditor's checks, with sha256sum, tar and jq alone");
  await audit(site, join(site.repository, runDirectory));
  console.log(`\nThe evidence is in .demo/decisionwise_api_platform/${runDirectory}/`);
  await shell(site, join(site.repository, runDirectory), 'tail -n 1 90_result_summary.txt');
}

async function audit(site: PilotSite, runDirectory: string): Promise<void> {
  const checks = [
    'ls -1',
    'sha256sum -c evidence.tar.gz.sha256',
    'mkdir -p ../../../../../unpacked && tar -xzf evidence.tar.gz -C ../../../../../unpacked',
    '(cd ../../../../../unpacked && sha256sum -c --quiet 59_index.sha256 && echo "every file matches 59_index.sha256")',
    'test "$(jq -r .sha256 60_evidence_seal_manifest.json)" = "$(cut -d" " -f1 evidence.tar.gz.sha256)" && echo "the manifest names this archive"',
    "jq '{sha256, s3_key, version_id, lock_mode, retain_until, verified_lock_mode, verified_retain_until}' 60_evidence_seal_manifest.json",
  ];
  for (const check of checks) await shell(site, runDirectory, check);
}

async function shell(site: PilotSite, cwd: string, command: string): Promise<void> {
  console.log(`$ ${command}`);
  const code = await runCommand('sh', ['-c', command], { cwd, env: site.env });
  if (code !== 0) throw new Error(`exit code ${code} from: ${command}`);
}

async function expectExit(
  expected: number,
  site: PilotSite,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const shown = [...Object.entries(env).map(([name, value]) => `${name}=${value}`), 'cutover', ...args].join(' ');
  console.log(`$ ${shown}`);
  const code = await runCommand(process.execPath, [CLI, ...args], { cwd: site.repository, env: { ...site.env, ...env } });
  console.log(`(exit code ${code})`);
  if (code !== expected) throw new Error(`exit code ${code} instead of ${expected} from: ${shown}`);
}

function title(text: string): void {
  console.log(`\n=== ${text} ===`);
}

try {
  await demo();
} catch (error) {
  console.error(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
