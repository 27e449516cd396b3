import { describe, expect, test } from '@jest/globals';
import { scopeText } from '../../src/evidence/scope.js';
import { scopeFacts } from './summary-example.js';

describe('the scope', () => {
  test('holds its facts, a line each, and nothing else', () => {
    const lines = scopeText(scopeFacts).trimEnd().split('\n');
    expect(lines).toHaveLength(18);
    expect(lines).toContain('Git HEAD:      a94a8fe5ccb19ba61c4c0873d391e987982fbbd3');
    expect(lines.slice(-2)).toEqual(['Git status (porcelain):', '  (clean)']);
  });

  test('shows what git status said', () => {
    expect(scopeText({ ...scopeFacts, gitStatus: ' M a.txt\n?? b.txt\n' })).toMatch(
      /\(porcelain\):\n {3}M a\.txt\n {2}\?\? b\.txt\n$/,
    );
  });

  test.each(Object.keys(scopeFacts).filter((field) => field !== 'gitStatus'))(
    'is refused when %s is empty or has two lines',
    (field) => {
      expect(() => scopeText({ ...scopeFacts, [field]: '' })).toThrow(expect.objectContaining({ field }));
      expect(() => scopeText({ ...scopeFacts, [field]: 'a\nb' })).toThrow(expect.objectContaining({ field }));
    },
  );
});
