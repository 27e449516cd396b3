import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { PILOT_SITE } from '../../src/config/site.js';
import { captureScope } from '../../src/actors/capture-scope.js';
import { createTestContext, type TestContext } from './actor-context.js';
import { testSettings, testWorld } from './settings.js';
import { createTestRepository, type TestRepository } from './test-repository.js';

let context: TestContext;
let repository: TestRepository;
beforeEach(async () => {
  context = await createTestContext({ env: { ...process.env, CUTOVER_TEST_VARIABLE: 'not-for-the-scope' } });
  repository = createTestRepository(join(context.folder, 'repository'));
});
afterEach(() => context.remove());

const capture = (gitHead: string) =>
  captureScope(
    {
      settings: testSettings({ directory: repository.directory }),
      site: { ...PILOT_SITE, title: 'Orders — Cutover', service: 'orders' },
      world: testWorld({ gitHead }),
      operator: 'operator@example.com',
      chainId: 'f'.repeat(64),
    },
    context,
  );

describe('the scope', () => {
  test('says what runs, where, on what and by whom', async () => {
    const head = repository.git('rev-parse', 'HEAD');
    expect(await capture(head)).toEqual({ file: '00_scope.txt' });
    const text = await context.text('00_scope.txt');
    for (const fact of [
      '2026-02-21T12:00:01Z',
      hostname(),
      head,
      'phase6-preflight',
      '(clean)',
      'Orders — Cutover — SCOPE',
      'Service:       orders',
      'cutover 0.1.0',
      'rc_double_then_ci_then_archive.sh',
      'https://staging.api.dpp.example.com',
      'dpp-staging',
      'operator@example.com',
      '000000000000',
      'ap-northeast-2',
      'f'.repeat(64),
    ]) {
      expect(text).toContain(fact);
    }
  });

  test('is no dump of the environment', async () => {
    await capture(repository.git('rev-parse', 'HEAD'));
    const text = await context.text('00_scope.txt');
    expect(text).not.toContain('not-for-the-scope');
    expect(text).not.toContain(process.env['PATH']);
  });

  test('shows what is not committed', async () => {
    repository.write('new', '');
    await capture(repository.git('rev-parse', 'HEAD'));
    expect(await context.text('00_scope.txt')).toContain('?? new');
  });

  test('is refused when HEAD is not the commit that was checked', async () => {
    const checked = repository.git('rev-parse', 'HEAD');
    repository.commit('later');
    const head = repository.git('rev-parse', 'HEAD');
    await expect(capture(checked)).rejects.toMatchObject({
      code: 'GIT_HEAD_MOVED',
      message:
        `HEAD of ${repository.directory} is ${head}, the pre-conditions were checked on ${checked}. ` +
        'Check that commit out again, or start a new run.',
    });
    expect(await context.evidence.exists('00_scope.txt')).toBe(false);
  });
});
