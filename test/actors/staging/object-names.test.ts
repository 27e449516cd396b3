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
    ['comments and empty lines', '---\n# a: b\n\n  # c\n  \t# d\na: b\n-\n- # e\n-   # f\n', entries([6, 'a', 'b'])],
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
      entries([1, 'a', '1'], [1, 'b', ''], [1, 'c', 'true'], [1, 'e', '1'], [1, 'f', '2']),
    ],
    ['JSON that is a list', ' [1, {"a": "x"}]', entries([1, '', '1'], [1, 'a', 'x'])],
    ['old Mac line ends', 'a: 1\rb: 2', entries([1, 'a', '1'], [2, 'b', '2'])],
    ['nothing', '', []],
  ])('are read whole: %s', (_what, text, expected) => {
    expect(readObjects(text)).toEqual(expected);
  });

  test.each<[string, string, string | RegExp]>([
    ['a flow mapping', '- {objectName: prod/a}', 'line 1 has a value that begins with "{", which this check does not read'],
    ['JSON that is broken', '[{"objectName": "a"]', /^it begins as JSON does but is not JSON \(.+\)$/],
    ['other JSON that is broken', '{"objectName": "a"', /^it begins as JSON does but is not JSON \(.+\)$/],
    ['an anchor', '- objectName: &a staging/a', 'line 1 has a value that begins with "&", which this check does not read'],
    ['an alias', '\n- objectName: *a', 'line 2 has a value that begins with "*", which this check does not read'],
    ['a tag', '- objectName: !!str a', 'line 1 has a value that begins with "!", which this check does not read'],
    ['a comment at a block', 'a: |# x', 'line 1 has a value that begins with "|", which this check does not read'],
    ['an unknown block', 'a: >x', 'line 1 has a value that begins with ">", which this check does not read'],
    ['a block with a zero', 'a: |0', 'line 1 has a value that begins with "|", which this check does not read'],
    ['a plain scalar over two lines', '- objectName: staging/\n    prod', 'line 2 is neither "key: value" nor an item of a list'],
    ['a key that begins with a digit', '1a: prod', 'line 1 is neither "key: value" nor an item of a list'],
    ['a key without a space', 'a:prod', 'line 1 is neither "key: value" nor an item of a list'],
    [
      'a double-quoted text over two lines',
      '- a: "staging/\n    prod"',
      'line 1 has a text in double quotes that does not end on it',
    ],
    ['more after a double-quoted text', '- a: "staging/"prod', 'line 1 has a text in double quotes that does not end on it'],
    ['a comment at a double-quoted text', '- a: "staging/"# x', 'line 1 has a text in double quotes that does not end on it'],
    [
      'a single-quoted text over two lines',
      "- a: 'staging/\n    prod'",
      'line 1 has a text in single quotes that does not end on it',
    ],
    ['more after a single-quoted text', "- a: 'staging/'prod", 'line 1 has a text in single quotes that does not end on it'],
    ['a comment at a single-quoted text', "- a: 'staging/'# x", 'line 1 has a text in single quotes that does not end on it'],
    ['two double-quoted texts', 'a: "x" y "z"', 'line 1 has a text in double quotes that does not end on it'],
    ['two single-quoted texts', "a: 'x' y 'z'", 'line 1 has a text in single quotes that does not end on it'],
    ['an escape that JSON does not know', '- objectName: "\\x70rod"', "line 1 has an escape that is not JSON's"],
    ['an escape in a key', '- "object\\u004eame": prod', 'line 1 has a text in double quotes that does not end on it'],
    ['a tab for indentation', '- objectType: a\n\tobjectName: prod', 'line 2 is indented by a tab'],
    ['a tab after spaces', 'a: b\n  \tc: d', 'line 2 is indented by a tab'],
    ['a folded object', 'array:\n  - >\n    objectName: a', 'line 2 folds the lines of an object into one (">"); write "|"'],
    ['an item without a key', '- staging/a', 'line 1 is an item that is neither "key: value" nor a text in quotes'],
    ['a dash without a space', '-staging: a', 'line 1 is neither "key: value" nor an item of a list'],
    ['prose', 'ask somebody else', 'line 1 is neither "key: value" nor an item of a list'],
    [
      'prose in a block',
      'array:\n  - |\n    a: b\n    ask somebody else',
      'line 4 is neither "key: value" nor an item of a list',
    ],
    ['prose in quotes', '- "ask somebody else"', 'line 1 is neither "key: value" nor an item of a list'],
    ['two keys on a line', '- objectType: objectName: prod', 'line 1 has a second "key: value" in it'],
    ['a second key without a value', '- objectType: objectName:', 'line 1 has a second "key: value" in it'],
    ['two documents', '- objectName: a\n---\n- objectName: b', 'line 2 is neither "key: value" nor an item of a list'],
    ['a complex key', '? objectName\n: prod', 'line 1 is neither "key: value" nor an item of a list'],
  ])('are refused when they hold %s', (_what, text, says) => {
    const read = () => readObjects(text);
    expect(read).toThrow(UnreadableObjectsError);
    expect(read).toThrow(typeof says === 'string' ? new UnreadableObjectsError(says) : says);
  });
});
