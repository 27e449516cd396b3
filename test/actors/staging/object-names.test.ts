import { describe, expect, test } from '@jest/globals';
import { readObjects, UnreadableObjectsError } from '../../../src/actors/staging/object-names.js';

const namesIn = (text: string) =>
  readObjects(text)
    .filter(({ key }) => key === 'objectName')
    .map(({ value }) => value);

describe('the objects of a SecretProviderClass', () => {
  test.each([
    [
      'plain',
      '- objectName: staging/a\n  objectType: secretsmanager\n- objectType: ssmparameter\n  objectName: staging/b',
      ['staging/a', 'staging/b'],
    ],
    ['quoted', `- objectName: "staging/a" # old\n- "objectName": 'it''s'\n`, ['staging/a', "it's"]],
    ['an escape', '- objectName: "\\u0070rod/a"', ['prod/a']],
    ['a dash on its own line', '-\n  objectName: staging/a', ['staging/a']],
    ['a block', '- objectName: |-\n    staging/a\n  objectType: x', ['staging/a']],
    ['nested items', '- objectName: a\n  jmesPath:\n    - path: user\n      objectAlias: u\n- objectName: b', ['a', 'b']],
    [
      'an array of blocks',
      'array:\n  - |\n    objectName: a\n    objectType: secret\n  - |\n    # objectName: prod\n    objectName: b\n',
      ['a', 'b'],
    ],
    ['an array of blocks without indentation', 'array:\n- |\n  objectName: a\n- |-\n  objectName: b', ['a', 'b']],
    ['an array of quoted strings', 'array:\n  - "objectName: a\\nobjectType: secret"\n  - \'objectName: b\'', ['a', 'b']],
    ['JSON', '[{"objectName": "a"}, {"objectName": "b", "jmesPath": [{"path": "x"}]}]', ['a', 'b']],
    ['JSON with YAML in it', '{"array": ["objectName: a\\nobjectType: secret"]}', ['a']],
    ['Windows line ends', '- objectName: a\r\n  objectType: b\r\n', ['a']],
  ])('are read when they are written as %s', (_how, text, names) => {
    expect(namesIn(text)).toEqual(names);
  });

  test.each([
    ['a flow mapping', '- {objectName: prod/a}'],
    ['JSON that is broken', '[{"objectName": "a"]'],
    ['an anchor', '- objectName: &a staging/a'],
    ['an alias', '- objectName: *a'],
    ['a tag', '- objectName: !!str a'],
    ['a plain scalar over two lines', '- objectName: staging/\n    prod'],
    ['a quoted text over two lines', '- objectName: "staging/\n    prod"'],
    ['an escape that JSON does not know', '- objectName: "\\x70rod"'],
    ['an escape in a key', '- "object\\u004eame": prod'],
    ['a tab for indentation', '- objectType: a\n\tobjectName: prod'],
    ['a folded object', 'array:\n  - >\n    objectName: a'],
    ['an item without a key', '- staging/a'],
    ['prose', 'ask somebody else'],
    ['two keys on a line', '- objectType: objectName: prod'],
    ['two documents', '- objectName: a\n---\n- objectName: b'],
    ['a complex key', '? objectName\n: prod'],
  ])('are refused when they hold %s', (_what, text) => {
    expect(() => readObjects(text)).toThrow(UnreadableObjectsError);
  });
});
