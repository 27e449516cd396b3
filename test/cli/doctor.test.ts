import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createPilotSite, type PilotSite } from '../../demo/pilot-site.js';
import { findCommand } from '../../src/actors/process/find-command.js';
import { checkPreconditionsAlone } from '../../src/cli/check-preconditions.js';
import { openWorkspace } from '../../src/cli/compose.js';
import { evidenceRootCheck } from '../../src/cli/health/directories.js';
import type { Io } from '../../src/cli/io.js';
import { runProgram } from '../../src/cli/program.js';
import { writeKubeconfig } from '../services/kubernetes/kubeconfig.js';
import { QUICK_KUBECTL } from '../services/kubernetes/kubectl.js';
import { startS3, type RunningS3 } from '../services/s3/server.js';
import { PilotWorkspace } from './pilot-workspace.js';

interface Finding {
  readonly what: string;
  readonly ok: boolean | null;
  readonly found: string;
}

/** A machine with kubectl and git on its PATH and nothing else, and a directory to run in. */
class Machine {
  readonly env: Record<string, string>;
  cwd: string;
  now = () => new Date();

  private constructor(
    readonly directory: string,
    readonly bin: string,
    readonly site: PilotSite,
  ) {
    const { accessKeyId, secretAccessKey } = site.s3.credentials;
    // In the environment: the SDK looks for a profile's file in that of this process.
    this.env = {
      ...site.env,
      ...QUICK_KUBECTL,
      PATH: bin,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
    };
    delete this.env['AWS_PROFILE'];
    this.cwd = site.repository;
  }

  static async create(site: PilotSite): Promise<Machine> {
    const directory = await mkdtemp(join(tmpdir(), 'cutover-doctor-'));
    const machine = new Machine(directory, join(directory, 'bin'), site);
    await mkdir(machine.bin);
    for (const tool of ['kubectl', 'git', 'sh']) {
      await symlink(await findCommand(tool, process.env['PATH'], '/'), join(machine.bin, tool));
    }
    return machine;
  }

  get db(): string {
    return join(this.directory, '.cutover/cutover.db');
  }

  async without(tool: string): Promise<void> {
    await rm(join(this.bin, tool));
  }

  /** A tool that only says this. */
  async replace(tool: string, says: string): Promise<void> {
    await this.without(tool);
    await writeFile(join(this.bin, tool), `#!/bin/sh\nprintf '%s\\n' '${says}'\n`, { mode: 0o755 });
  }

  async file(path: string, text: string, mode: number): Promise<string> {
    const file = join(this.directory, path);
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(file, text);
    await chmod(file, mode);
    return file;
  }

  async doctor(...args: string[]): Promise<{ code: number; findings: Finding[] }> {
    const { code, text } = await this.print(...args, '--json');
    const { ok, findings } = JSON.parse(text) as { ok: boolean; findings: Finding[] };
    expect(ok).toBe(code === 0);
    return { code, findings };
  }

  /** What a person sees of it. */
  print(...args: string[]): Promise<{ code: number; text: string }> {
    return this.run(['doctor', '--db', this.db, ...args]);
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }

  private async run(argv: string[]): Promise<{ code: number; text: string }> {
    let text = '';
    const io: Io = {
      stdout: { write: (more) => void (text += more) },
      stderr: { write: () => {} },
      env: this.env,
      osUser: () => 'operator',
      cwd: this.cwd,
      now: this.now,
      delay: () => Promise.resolve(),
      signal: new AbortController().signal,
      prompt: null,
      parts: { openWorkspace, checkPreconditions: checkPreconditionsAlone },
    };
    return { code: await runProgram(argv, io), text };
  }
}

let site: PilotSite;
let siteDirectory: string;
let machine: Machine;
beforeAll(async () => {
  siteDirectory = await mkdtemp(join(tmpdir(), 'cutover-doctor-site-'));
  site = await createPilotSite(siteDirectory);
});
beforeEach(async () => {
  machine = await Machine.create(site);
});
afterEach(() => machine.remove());
afterAll(async () => {
  await site.stop();
  await rm(siteDirectory, { recursive: true });
});

/** The doctor finds exactly this fault, and ends with 1. */
async function expectOnly(what: string, said: RegExp, ...args: string[]): Promise<void> {
  const { code, findings } = await machine.doctor(...args);
  const faults = findings.filter(({ ok }) => ok === false);
  expect(faults).toEqual([{ what, ok: false, found: expect.stringMatching(said) as unknown as string }]);
  expect(code).toBe(1);
}

/** The same in text, with its columns. */
async function expectShown(what: string, said: RegExp, ...args: string[]): Promise<void> {
  const { code, text } = await machine.print(...args);
  const shown = text.split('\n').filter((line) => line.startsWith('FAULT'));
  expect(shown).toEqual([expect.stringMatching(`^FAULT +${what.replaceAll(/[()./]/g, '\\$&')} +${said.source}`)]);
  expect(code).toBe(1);
}

describe('doctor, of the machine', () => {
  test('a sound machine is ok and ends with 0; the site is named as not checked', async () => {
    const { code, findings } = await machine.doctor();
    expect(findings.filter(({ ok }) => ok === false)).toEqual([]);
    expect(findings.map(({ what }) => what)).toEqual([
      'Node.js',
      'kubectl',
      'git',
      'disk space',
      'evidence directory',
      'database',
      'site',
    ]);
    expect(code).toBe(0);
    const printed = await machine.print();
    expect(printed.text).toMatch(/^- +site +not checked: cutover doctor --site/m);
    expect(printed.code).toBe(0);
  });

  test('a machine that only keeps a copy of the database is ok: nothing is set, no repository', async () => {
    const pilot = new PilotWorkspace();
    try {
      await pilot.cutover('start');
      const copy = join(machine.directory, 'cutover.db');
      expect((await pilot.cutover('backup', copy)).code).toBe(0);
      for (const name of Object.keys(machine.env)) if (name !== 'PATH') delete machine.env[name];
      machine.cwd = machine.directory;
      const { code, text } = await machine.print('--db', copy);
      expect(text).toMatch(/^ok +database +.*1 runs/m);
      expect(code).toBe(0);
    } finally {
      pilot.dispose();
    }
  });

  test('Node.js that is too old', async () => {
    const { versions } = process;
    Object.defineProperty(process, 'versions', { value: { ...versions, node: '20.18.3' }, configurable: true });
    try {
      await expectOnly('Node.js', /20\.18\.3: install 20\.19 or newer/);
    } finally {
      Object.defineProperty(process, 'versions', { value: versions, configurable: true });
    }
  });

  test('kubectl that is missing', async () => {
    await machine.without('kubectl');
    await expectOnly('kubectl', /kubectl cannot be run: .*PATH/);
    await expectShown('kubectl', /kubectl cannot be run: .*PATH/);
  });

  test('kubectl that is too old', async () => {
    await machine.replace('kubectl', '{"clientVersion":{"gitVersion":"v1.19.16"}}');
    await expectOnly('kubectl', /kubectl is v1\.19\.16; 1\.20 or newer is needed/);
  });

  test('git that is missing', async () => {
    await machine.without('git');
    await expectOnly('git', /git cannot be run: .*PATH/);
  });

  test.each(['2.14.6', '1.9.1'])('git that is too old: %s', async (version) => {
    await machine.replace('git', `git version ${version}`);
    await expectOnly('git', new RegExp(`git is ${version.replaceAll('.', '\\.')}; 2\\.15 or newer is needed`));
  });

  test.each(['2.15.0', '3.0.0-rc1', '2.39.5 (Apple Git-154)'])('git %s is new enough', async (version) => {
    await machine.replace('git', `git version ${version}`);
    expect((await machine.doctor()).code).toBe(0);
  });

  test('a git that does not say its version', async () => {
    await machine.replace('git', 'hello');
    await expectOnly('git', /git --version ended with 0 and printed no version but: hello\. Reinstall git/);
  });

  test('a full disk', async () => {
    // The kernel's own file system has no room.
    await expectOnly('disk space', /\d+K free at \/proc: make room, at least 1G/, '--db', '/proc/cutover/cutover.db');
  });

  test('an evidence root that cannot be a directory', async () => {
    const file = await machine.file('evidence', 'a file', 0o644);
    await expectOnly(
      'evidence directory',
      /.* cannot be a directory: .*evidence is none\. Move it away/,
      '--evidence-root',
      `${file}/runs`,
    );
  });

  test('an evidence root that cannot be written to', () => {
    // The kernel lets nobody make a file there, root neither.
    expect(evidenceRootCheck('/proc/self')).toEqual({
      what: 'evidence directory',
      ok: false,
      found: expect.stringMatching(/^\/proc\/self cannot be written to \(E.*\)\. .*ls -ld/),
    });
  });

  describe('with a database', () => {
    let pilot: PilotWorkspace;
    beforeEach(async () => {
      pilot = new PilotWorkspace();
      await pilot.cutover('start');
    });
    afterEach(() => pilot.dispose());

    test('is ok, its evidence included', async () => {
      const { code, text } = await machine.print('--db', pilot.db);
      expect(text).toMatch(/^ok +permissions +nobody but its owner can read .*cutover\.db$/m);
      expect(text).toMatch(/^ok +evidence of \d{8}T\d{6}Z +\d+ files in/m);
      expect(code).toBe(0);
    });

    test.each([
      [
        'the directory',
        (db: string) => dirname(db),
        0o755,
        /others can read \/.*\.cutover \(mode 755\)\. Run: chmod go= \/.*\.cutover/,
      ],
      ['the file', (db: string) => db, 0o640, /others can read .*cutover\.db \(mode 640\).* Run: chmod go= .*cutover\.db/],
    ])('%s that others can read', async (_what, pathOf, mode, said) => {
      await chmod(pathOf(pilot.db), mode);
      await expectOnly('permissions', said, '--db', pilot.db);
    });

    test('evidence that is gone', async () => {
      await rm(pilot.evidence(), { recursive: true });
      await expectOnly('evidence of 20260221T120001Z', /.*20260221T120001Z: .+/, '--db', pilot.db);
      await expectShown('evidence of 20260221T120001Z', /.*20260221T120001Z: .+/, '--db', pilot.db);
    });
  });

  test('a database that is none', async () => {
    const db = await machine.file('.cutover/cutover.db', 'not a database, but long enough to be looked at. '.repeat(100), 0o600);
    await expectOnly('database', /.*cutover\.db.*/, '--db', db);
  });
});

describe('doctor --site', () => {
  const clockNames = ['clock (S3)', 'clock (STS)', 'clock (staging)'];
  afterEach(async () => {
    site.s3.control({ deny: [], clearFaults: true, clockOffsetSeconds: 0 });
    await site.kubernetes.control({ clearFaults: true });
  });

  test('a site that grants everything is ok: permissions, variables and clocks', async () => {
    const { code, findings } = await machine.doctor('--site');
    expect(findings.filter(({ ok }) => ok !== true)).toEqual([]);
    const names = findings.map(({ what }) => what);
    expect(names).toEqual(
      expect.arrayContaining(['3. AWS identity', '4. may patch deployments.apps', '5. permission to read locks', ...clockNames]),
    );
    expect(names).not.toContain('8. clean worktree');
    expect(code).toBe(0);
  });

  test('branch and worktree are not judged: a cutover needs them, the site does not', async () => {
    machine.cwd = machine.directory;
    expect((await machine.doctor('--site')).code).toBe(0);
  });

  test('nothing is set: every check says which variable it waits for, and none passes for it', async () => {
    for (const name of Object.keys(machine.env)) if (/^(AWS|DPP)_/.test(name)) delete machine.env[name];
    const { code, findings } = await machine.doctor('--site');
    const faults = new Map(findings.filter(({ ok }) => ok === false).map(({ what, found }) => [what, found]));
    for (const name of ['AWS_PROFILE', 'AWS_REGION']) expect(faults.get(`ENV ${name}`)).toContain(`Export ${name}`);
    for (const name of ['DPP_WORM_BUCKET', 'DPP_WORM_PREFIX', 'DPP_WORM_RETENTION_DAYS']) {
      expect(faults.get(`6. ${name}`)).toContain(`Export ${name}`);
    }
    expect(faults.get('7. DPP_STAGING_BASE_URL')).toContain('Export DPP_STAGING_BASE_URL');
    expect(faults.get('3. AWS identity')).toContain('not asked');
    expect(faults.get('5. WORM bucket')).toContain('not asked');
    for (const name of clockNames) expect(faults.get(name)).toContain('not compared');
    expect(code).toBe(1);
  });

  test('STS that refuses', async () => {
    const error = { status: 403, code: 'InvalidClientTokenId', message: 'The security token is invalid.' };
    site.s3.control({ faults: [{ operation: 'GetCallerIdentity', times: 'always', error }] });
    await expectOnly('3. AWS identity', /AWS_ACCESS_DENIED: .*/, '--site');
    await expectShown('3. AWS identity', /AWS_ACCESS_DENIED: .*/, '--site');
  });

  test('a cluster that does not grant patch', async () => {
    await site.kubernetes.control({ fault: { do: 'status', status: 403, verb: 'patch', resource: 'deployments' } });
    await expectOnly('4. may patch deployments.apps', /the cluster says: no.*Ask for a role in dpp-staging/, '--site');
  });

  test('a kube context that nobody vouches for, until somebody does', async () => {
    const kubeconfig = await machine.file('kubeconfig', '', 0o600);
    const other = { url: site.kubernetes.url, context: 'kind-pilot', namespace: 'dpp-staging' };
    await writeKubeconfig(kubeconfig, other);
    machine.env['KUBECONFIG'] = kubeconfig;
    const { code, findings } = await machine.doctor('--site');
    expect(findings.filter(({ ok }) => ok === false).map(({ what }) => what)).toEqual(['4. kube context', '4. kube permissions']);
    expect(code).toBe(1);
    expect((await machine.doctor('--site', '--context-ok', 'kind-pilot')).code).toBe(0);
  });

  test('a bucket whose locks may not be read', async () => {
    site.s3.control({ deny: ['s3:GetObjectRetention'] });
    await expectOnly('5. permission to read locks', /Not permitted to verify the lock: .*Allow s3:GetObjectRetention/, '--site');
  });

  describe('clocks', () => {
    const servers: { stop(): Promise<void> }[] = [];
    afterEach(async () => {
      for (const server of servers.splice(0)) await server.stop();
    });
    /** A second service with the same keys, six minutes ahead. */
    const ahead = async (): Promise<RunningS3> => {
      const { accessKeyId: accessKey, secretAccessKey: secretKey } = site.s3.credentials;
      const bucket = site.env['DPP_WORM_BUCKET'] ?? '';
      const s3 = await startS3({ bucket, dataDir: join(machine.directory, 's3'), accessKey, secretKey });
      s3.control({ clockOffsetSeconds: 360 });
      servers.push(s3);
      return s3;
    };
    const staging = async (date: string | null): Promise<string> => {
      const server: Server = createServer((_request, response) => {
        response.sendDate = false;
        if (date !== null) response.setHeader('date', date);
        response.end('ok');
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      servers.push({ stop: async () => void (await once(server.close(), 'close')) });
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    };

    test('S3 six minutes ahead', async () => {
      machine.env['AWS_ENDPOINT_URL_S3'] = (await ahead()).url;
      await expectOnly('clock (S3)', /this machine is 3(59|60|61) s behind 127.*Set the clock/, '--site');
    });

    test('STS six minutes ahead', async () => {
      machine.env['AWS_ENDPOINT_URL_STS'] = (await ahead()).url;
      await expectOnly('clock (STS)', /this machine is 3(59|60|61) s behind 127.*Set the clock/, '--site');
    });

    test('four minutes are let pass', async () => {
      site.s3.control({ clockOffsetSeconds: -240 });
      expect((await machine.doctor('--site')).code).toBe(0);
    });

    test('staging ten minutes behind', async () => {
      machine.env['DPP_STAGING_BASE_URL'] = await staging(new Date(Date.now() - 600_000).toUTCString());
      await expectOnly('clock (staging)', /this machine is (599|60\d) s ahead of 127.*Set the clock/, '--site');
    });

    test.each([
      ['has no date', null],
      ['has a date that is none', 'yesterday'],
    ])('an answer that %s proves nothing', async (_what, date) => {
      machine.env['DPP_STAGING_BASE_URL'] = await staging(date);
      await expectOnly('clock (staging)', /The clock could not be compared .* no readable Date header\. Check/, '--site');
    });

    test('a service that does not answer', async () => {
      machine.env['DPP_STAGING_BASE_URL'] = 'http://127.0.0.1:1';
      await expectOnly('clock (staging)', /The clock could not be compared .* did not answer/, '--site');
    });

    test('a machine whose own clock is wrong differs from all three', async () => {
      machine.now = () => new Date(Date.now() + 600_000);
      const { code, findings } = await machine.doctor('--site');
      expect(findings.filter(({ ok }) => ok === false).map(({ what }) => what)).toEqual(clockNames);
      expect(code).toBe(1);
    });
  });
});
