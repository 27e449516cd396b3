import { describe, expect, test } from '@jest/globals';
import { hasStagingMarker, judgeKubeTarget } from '../../src/config/kube-patterns.js';
import { PROGRAM_VERSION } from '../../src/config/program-version.js';
import { readFileSync } from 'node:fs';

const SERVER = 'https://k8s.example.com:6443';
const judge = (context: string, server = SERVER, contextOk: string | null = null) =>
  judgeKubeTarget({ context, server, contextOk });

describe('a kube context', () => {
  const choose = 'Choose the staging context: kubectl config use-context NAME.';
  const name = 'kube context is staging';

  test.each([
    'dpp-staging',
    'staging',
    'arn:aws:eks:ap-northeast-2:000000000000:cluster/stg',
    'stage2',
    'STAGING_EU',
    'dppStaging',
    'dpp2Stage',
    'dppStgEu',
  ])('that says staging is accepted: %s', (context) => {
    expect(judge(context)).toEqual({ name, ok: true, message: `${context} at ${SERVER}`, advice: null });
  });

  test('that says production is refused whatever is vouched for', () => {
    for (const context of ['dpp-prod', 'prod-staging']) {
      const message = `context "${context}" refers to production ("prod")`;
      expect(judge(context, SERVER, context)).toEqual({ name, ok: false, message, advice: choose });
    }
  });

  test('whose server says production is refused whatever its name says', () => {
    expect(judge('dpp-staging', 'https://api.prod.example.com', 'dpp-staging')).toEqual({
      name,
      ok: false,
      message: 'context "dpp-staging" leads to https://api.prod.example.com, which refers to production ("prod")',
      advice: choose,
    });
  });

  test('that says nothing must be vouched for by exactly its name', () => {
    const advice = `${choose} If this is the one, vouch for it: --context-ok "kind-dev".`;
    const message = `context "kind-dev" (${SERVER}) does not say that it is staging`;
    expect(judge('kind-dev')).toEqual({ name, ok: false, message, advice });
    expect(judge('kind-dev', SERVER, 'kind')).toEqual({
      name,
      ok: false,
      message: `${message}, and --context-ok vouches for "kind"`,
      advice,
    });
    expect(judge('kind-dev', SERVER, 'kind-dev')).toEqual({
      name,
      ok: true,
      message: `kind-dev at ${SERVER}, vouched for with --context-ok`,
      advice: null,
    });
  });

  test.each(['backstage', 'stagecoach', 'upstaging', 'dev', 'Backstage', 'dppStagecoach', 'STAGINGX'])(
    'has no marker where the word does not stand alone: %s',
    (context) => expect(hasStagingMarker(context)).toBe(false),
  );
});

test('the program’s version is that of its package', () => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
  expect(PROGRAM_VERSION).toBe(version);
});
