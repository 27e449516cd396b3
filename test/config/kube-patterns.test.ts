import { describe, expect, test } from '@jest/globals';
import { hasStagingMarker, judgeKubeTarget } from '../../src/config/kube-patterns.js';
import { PROGRAM_VERSION } from '../../src/config/program-version.js';
import { readFileSync } from 'node:fs';

const SERVER = 'https://k8s.example.com:6443';
const judge = (context: string, server = SERVER, contextOk: string | null = null) =>
  judgeKubeTarget({ context, server, contextOk });

describe('a kube context', () => {
  test('that says staging is accepted', () => {
    for (const name of [
      'dpp-staging',
      'staging',
      'arn:aws:eks:ap-northeast-2:000000000000:cluster/stg',
      'stage2',
      'dppStaging',
    ]) {
      expect(judge(name)).toMatchObject({ ok: true });
    }
  });

  test('that says production is refused whatever is vouched for', () => {
    for (const name of ['dpp-prod', 'prod-staging', 'production']) {
      expect(judge(name, SERVER, name)).toMatchObject({ ok: false, message: expect.stringContaining('production') });
    }
  });

  test('whose server says production is refused whatever its name says', () => {
    expect(judge('dpp-staging', 'https://api.prod.example.com', 'dpp-staging')).toMatchObject({ ok: false });
  });

  test('that says nothing must be vouched for by exactly its name', () => {
    expect(judge('kind-dev')).toMatchObject({ ok: false, advice: expect.stringContaining('--context-ok "kind-dev"') });
    expect(judge('kind-dev', SERVER, 'kind')).toMatchObject({ ok: false, message: expect.stringContaining('"kind"') });
    expect(judge('kind-dev', SERVER, 'kind-dev')).toMatchObject({ ok: true, message: expect.stringContaining('vouched') });
  });

  test('only has a marker where the word stands alone', () => {
    for (const name of ['backstage', 'stagecoach', 'upstaging', 'dev']) expect(hasStagingMarker(name)).toBe(false);
  });
});

test('the program’s version is that of its package', () => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
  expect(PROGRAM_VERSION).toBe(version);
});
