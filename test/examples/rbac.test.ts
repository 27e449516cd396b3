import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Pilot } from '../e2e/pilot.js';
import { writeKubeconfig } from '../services/kubernetes/kubeconfig.js';

const MANIFEST = resolve('examples/rbac.yaml');
const ACCOUNT = 'system:serviceaccount:dpp-staging:cutover';

interface Role {
  readonly rules: { readonly resources: string[]; readonly verbs: string[] }[];
}

/** What the Role must grant, and what tells without it; the test compares it with the manifest. */
const GRANTED: [resource: string, verb: string][] = [
  ['deployments', 'get'],
  ['deployments', 'list'],
  ['deployments', 'patch'],
  ['deployments', 'watch'],
  ['replicasets', 'list'],
  ['configmaps', 'list'],
  ['secretproviderclasses', 'list'],
];

describe('examples/rbac.yaml', () => {
  let pilot: Pilot;
  /** As the service account; without it the administrator acts. */
  let env: { KUBECONFIG: string };
  let role: Role;
  beforeAll(async () => {
    pilot = await Pilot.create({ warm: true });
    const directory = join(pilot.directory, 'service-account');
    await mkdir(directory);
    env = { KUBECONFIG: join(directory, 'kubeconfig') };
    const { url } = pilot.site.kubernetes;
    await writeKubeconfig(env.KUBECONFIG, { url, context: 'dpp-staging', namespace: 'dpp-staging', as: ACCOUNT });
    await kubectl('apply', '-f', MANIFEST);
    role = JSON.parse(await kubectl('get', 'role', 'cutover', '-o', 'json')) as Role;
  }, 60_000);
  afterAll(() => pilot.dispose());

  const kubectl = async (...args: string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)('kubectl', ['-n', 'dpp-staging', ...args], { env: pilot.site.env });
    return stdout;
  };
  const canI = (...what: string[]) =>
    kubectl('auth', 'can-i', ...what, '--as', ACCOUNT).catch((error: { stdout: string }) => error.stdout);
  const put = (changed: Role) => pilot.site.kubernetes.control({ put: { ...changed } });

  test('grants these verbs and no others', () => {
    const granted = role.rules.flatMap(({ resources, verbs }) =>
      resources.flatMap((resource) => verbs.map((verb) => `${resource} ${verb}`)),
    );
    expect(granted.sort()).toEqual(GRANTED.map((pair) => pair.join(' ')).sort());
  });

  test('the account can neither deploy, nor delete, nor change what it reads', async () => {
    for (const what of [
      ['create', 'deployments.apps'],
      ['delete', 'deployments.apps'],
      ['update', 'deployments.apps'],
      ['patch', 'deployments.apps', '--subresource=scale'],
      ['patch', 'replicasets.apps'],
      ['patch', 'configmaps'],
      ['create', 'serviceaccounts'],
    ]) {
      expect([what, (await canI(...what)).trim()]).toEqual([what, expect.stringMatching(/^no\b/)]);
    }
  });

  test('is all that the pilot needs, from the preflight to the seal', async () => {
    expect(await pilot.cutover(['run'], { env })).toMatchObject({ exitCode: 2 });
    await pilot.verify();
    const directory = await pilot.runDirectory();
    const sealed = await pilot.cutover(['run', '--seal-only'], { env: { ...env, EVIDENCE_DIR: directory } });
    expect(sealed.stdout).toContain('VERDICT: PASS');
    expect(sealed.exitCode).toBe(0);
  }, 60_000);

  test.each(GRANTED)('without %s %s the preflight fails, and says what is missing', async (resource, verb) => {
    const rules = role.rules
      .map((rule) => (rule.resources.includes(resource) ? { ...rule, verbs: rule.verbs.filter((name) => name !== verb) } : rule))
      .filter(({ verbs }) => verbs.length > 0);
    const current = JSON.parse(await kubectl('get', 'role', 'cutover', '-o', 'json')) as Role;
    await put({ ...current, rules });
    const { exitCode, stdout } = await pilot.cutover(['preflight'], { env });
    const failed = stdout.split('\n').filter((line) => line.startsWith('FAIL'));
    expect(failed).toEqual([expect.stringMatching(new RegExp(`^FAIL +4\\. may ${verb} ${resource}`))]);
    expect(exitCode).toBe(1);
  });
});
