import { describe, expect, test } from '@jest/globals';
import { readObjects } from '../../../src/actors/staging/object-names.js';

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
    ['a flow mapping', '- {objectName: prod/a}\n- { "objectName": b, objectType: x }', ['prod/a', 'b']],
    ['a plain text over two lines', '- objectName: staging/\n    prod', ['staging/ prod']],
    [
      'quoted texts over two lines',
      '- objectName: "staging/\n    a"\n- objectName: \'staging/\n    b\'',
      ['staging/ a', 'staging/ b'],
    ],
    ['escapes that JSON has not', '- objectName: "\\x70rod"\n- "object\\u004eame": b', ['prod', 'b']],
    ['a known tag, or an anchor that nothing refers to', '- objectName: !!str a\n- objectName: &b b', ['a', 'b']],
    ['a complex key', '- ? objectName\n  : prod', ['prod']],
    ['a folded object', 'array:\n  - >-\n    {objectName: a,\n    objectType: b}', ['a']],
    ['what other readers take for a number or nothing', '- objectName: 0x10\n- objectName: null', ['0x10', 'null']],
    ['a key that begins with a digit beside it', '- 1a: prod\n  objectName: b', ['b']],
    ['Windows line ends', '- objectName: a\r\n  objectType: b\r\n', ['a']],
  ])('are read when they are written as %s', (_how, text, names) => {
    expect(namesIn(text)).toEqual(names);
  });

  const entries = (...all: [line: number, key: string, value: string][]) =>
    all.map(([line, key, value]) => ({ line, key, value }));

  test.each<[string, string, ReturnType<typeof entries>]>([
    [
      'keys of every form',
      `_a.b-9: 1\n"a b": 2\n'c d' : 3\nZ  :   4`,
      entries([1, '_a.b-9', '1'], [2, 'a b', '2'], [3, 'c d', '3'], [4, 'Z', '4']),
    ],
    ['keys without a value', 'array:\nb: # x\n"": ""', entries([1, 'array', ''], [2, 'b', ''], [3, '', ''])],
    [
      'values with all kinds of comments',
      'a: x # y\nb: x#y\nc: x\t# y\nd: #y\ne: x  ',
      entries([1, 'a', 'x'], [2, 'b', 'x#y'], [3, 'c', 'x'], [4, 'd', ''], [5, 'e', 'x']),
    ],
    ['values with colons', 'a: arn:aws:x\nb: x:y', entries([1, 'a', 'arn:aws:x'], [2, 'b', 'x:y'])],
    [
      'double quotes',
      'a: "x # y" # z\nb: "x \\" y"  \nc: "\\\\"\nd: "# x"\ne: ""',
      entries([1, 'a', 'x # y'], [2, 'b', 'x " y'], [3, 'c', '\\'], [4, 'd', '# x'], [5, 'e', '']),
    ],
    [
      'single quotes',
      "a: 'x # y' # z\nb: 'it''s ''x'''  \nc: '\\n'\nd: ''\ne: 'x'",
      entries([1, 'a', 'x # y'], [2, 'b', "it's 'x'"], [3, 'c', '\\n'], [4, 'd', ''], [5, 'e', 'x']),
    ],
    ['comments and empty lines', '---\n# a: b\n\n  # c\n  \t# d\n- a: b\n-\n- # e\n-   # f\n', entries([6, 'a', 'b'])],
    ['items in items', '- - a: 1\n  -   b: 2\n-   c: 3', entries([1, 'a', '1'], [2, 'b', '2'], [3, 'c', '3'])],
    ...['|', '>', '|-', '|+', '>-', '|2', '|2-', '|-2', '|  ', '| # x', '|-  # x'].map(
      (sign): [string, string, ReturnType<typeof entries>] => [
        `a block that begins with ${sign}`,
        `- a: ${sign}\n    x\n\n      y\n  b: 1`,
        entries([1, 'a', 'x\n\n  y'], [5, 'b', '1']),
      ],
    ),
    ['a block with a blank line', '- a: |\n    x\n \n    y', entries([1, 'a', 'x\n\ny'])],
    [
      'signs that mean nothing within a text',
      'a: x |\nb: x{y\n\t\nc: 7',
      entries([1, 'a', 'x |'], [2, 'b', 'x{y'], [4, 'c', '7']),
    ],
    ['a block at the end', 'a: |\n  x\n', entries([1, 'a', 'x'])],
    ['an empty block', 'a: |\n\nb: 1', entries([1, 'a', ''], [3, 'b', '1'])],
    ['a block of an item at the depth of its dash', '- a: |\n  b: 1', entries([1, 'a', ''], [2, 'b', '1'])],
    [
      'blocks of texts, with their lines',
      'array:\n  - |\n    a: 1\n\n    b: 2\n  - |\n    c: 3\n',
      entries([1, 'array', ''], [3, 'a', '1'], [5, 'b', '2'], [7, 'c', '3']),
    ],
    ['blocks in blocks', '- |\n  a: |\n    x\n  b: 1', entries([2, 'a', 'x'], [4, 'b', '1'])],
    ['an empty block as an item', '- |\n   \n- a: 1', entries([3, 'a', '1'])],
    ['texts in quotes as items', '- "a: 1\\nb: 2"\n- \'{"c": 3}\'', entries([1, 'a', '1'], [1, 'b', '2'], [2, 'c', '3'])],
    [
      'JSON with all kinds of values',
      ' \n{"a": 1, "b": null, "c": true, "d": {"e": [1, "f: 2"]}}',
      entries([2, 'a', '1'], [2, 'b', 'null'], [2, 'c', 'true'], [2, 'd', ''], [2, 'e', ''], [2, '', '1'], [2, 'f', '2']),
    ],
    ['JSON that is a list', ' [1, {"a": "x"}]', entries([1, '', '1'], [1, 'a', 'x'])],
    ['old Mac line ends', 'a: 1\rb: 2', entries([1, 'a', '1'], [2, 'b', '2'])],
    [
      'line ends that only YAML 1.1 has',
      'a: 1 # x\u2028b: 2 # x\u0085c: 3 # x\u2029d: 4',
      entries([1, 'a', '1'], [2, 'b', '2'], [3, 'c', '3'], [4, 'd', '4']),
    ],
    ['a text that is no object', 'ask\nsomebody else', entries([1, '', 'ask somebody else'])],
    [
      'texts that are no objects, in a list',
      '- staging/a\n- |\n  ask somebody',
      entries([1, '', 'staging/a'], [3, '', 'ask somebody']),
    ],
    ['nothing', '', []],
  ])('are read whole: %s', (_what, text, expected) => {
    expect(readObjects(text)).toEqual(expected);
  });

  test.each([
    ['JSON that is broken', '[{"objectName": "a"]', 1],
    ['other JSON that is broken', '{"objectName": "a"', 1],
    ['an alias', '- objectName: &a staging/a\n- objectName: *a', 2],
    ['an alias of nothing', '\n- objectName: *a', 2],
    ['a merged alias', '- &a\n  objectName: prod\n- <<: *a', 3],
    ['an unknown tag', '- objectName: !vault a', 1],
    ['a key that is there twice', '- objectName: prod\n  objectName: staging', 2],
    ['a key that is no text', '- ? [objectName]\n  : prod', 1],
    ['an unknown block', 'a: >x', 1],
    ['more after a text in quotes', "- b: 1\n- a: 'staging/'prod", 2],
    ['a tab for indentation', '- objectType: a\n\tobjectName: prod', 2],
    ['prose after an object', '- |\n  a: b\n  ask somebody else', 3],
    ['prose after an object, in quotes', '- "a: b\\nask somebody else"', 1],
    ['two keys on a line', '- objectType: objectName: prod', 1],
    ['two documents', '- objectName: a\n---\n- objectName: b', 2],
    ['a comment at a text', '- a: "staging/"# x', 1],
  ])('are refused when they hold %s', (_what, text, line) => {
    expect(() => readObjects(text)).toThrow(
      expect.objectContaining({
        name: 'UnreadableObjectsError',
        message: expect.stringMatching(new RegExp(`^line ${line}[: ]`)),
      }),
    );
  });
});
