import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { PilotWorkspace } from './pilot-workspace.js';

let pilot: PilotWorkspace;
beforeEach(() => void (pilot = new PilotWorkspace()));
afterEach(() => pilot.dispose());

describe.each(['cutover.policy.yaml', 'cutover.config.yaml'])('%s', (name) => {
  test.each<[string, RegExp, (file: string) => void]>([
    ['a link that leads nowhere', /a link that leads nowhere/, (file) => symlinkSync('/absent/file.yaml', file)],
    ['a directory', /it is no file/, (file) => mkdirSync(file)],
    ['a FIFO that nobody writes to', /it is no file/, (file) => execFileSync('mkfifo', [file])],
    ['far too large', /it has 2 MiB, more than 1/, (file) => writeFileSync(file, Buffer.alloc(2 * 1024 * 1024, '#'))],
  ])('that is %s is not taken for one that is missing: no run is started', async (_what, why, make) => {
    const file = join(pilot.directory, name);
    make(file);
    const { code, stderr } = await pilot.cutover('start');
    expect({ code, stderr }).toEqual({ code: 64, stderr: expect.stringMatching(why) });
    expect(stderr).toContain(`${file} cannot be read`);
    expect((await pilot.cutover('list')).code).not.toBe(0);
  });
});

test('a policy that names a list of allowed signers is not taken without it', async () => {
  writeFileSync(join(pilot.directory, 'cutover.policy.yaml'), 'version: 1\nallowed_signers: signers\n');
  expect(await pilot.cutover('start')).toMatchObject({
    code: 64,
    stderr: expect.stringMatching(/The list of allowed signers .*signers cannot be read \(ENOENT\)/),
  });
});
