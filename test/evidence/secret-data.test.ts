import { describe, expect, test } from '@jest/globals';
import { base64, HEX, MIXED, redact, word } from './secret-examples.js';

const SECRET = base64('hunter2');
const MARKER = '[REDACTED:kubernetes-secret]';
const lines = (...text: string[]) => `${text.join('\n')}\n`;

describe('a ConfigMap, or another map called data, is printed as it is', () => {
  test.each([
    [
      'YAML of kubectl',
      lines('apiVersion: v1', 'data:', '  LOG_LEVEL: info', '  MODE: standard', '  N: "1000"', 'kind: ConfigMap'),
    ],
    ['JSON', '{"apiVersion":"v1","data":{"LOG_LEVEL":"info","PORT":"8080","MODE":"standard"},"kind":"ConfigMap"}'],
    ['a block scalar', lines('data:', '  app.conf: |', '    mode = standard', '    level = info', 'kind: ConfigMap')],
    ['hashes', lines('data:', `  sha: ${word(HEX, 40)}`, `  digest: ${word(HEX, 64)}`)],
    ['after a Secret', lines('kind: Secret', 'apiVersion: v1', '---', 'apiVersion: v1', 'data:', '  a: YWI=')],
    ['after a Secret in a list', lines('- apiVersion: v1', '  kind: Secret', '- apiVersion: v1', '  data:', '    a: YWI=')],
    ['after a Secret on a line', lines('{"kind":"Secret"}', '{"apiVersion":"v1","data":{"a":"YWI="}}')],
    ['no map', 'data: {"a": 1, "b": [true]}, metadata: x'],
    ['nothing in it', lines('data:', 'next: Zm9vYmFyYmF6')],
    ['outside of it', lines('data:', '  a: b', `key: ${word(MIXED, 40)}`)],
    ['an empty value', lines('kind: Secret', 'data:', '  a: ""', "  b: ''", '  c:')],
  ])('%s', (_, text) => expect(redact(text)).toBe(text));
});

describe('of a Secret', () => {
  test('every value goes, in YAML as in JSON, and its names stay', () => {
    expect(redact(lines('kind: Secret', 'data:', '  a: YWI=', "  b: 'YQ=='", 'type: Opaque'))).toBe(
      lines('kind: Secret', 'data:', `  a: ${MARKER}`, `  b: '${MARKER}'`, 'type: Opaque'),
    );
    const json = (value: string) => JSON.stringify({ kind: 'SecretList', items: [{ data: { a: value, b: value } }, { x: 1 }] });
    for (const space of [undefined, 2]) {
      expect(redact(JSON.stringify(JSON.parse(json('YWI=')), null, space))).toBe(
        JSON.stringify(JSON.parse(json(MARKER)), null, space),
      );
    }
  });

  test('a value over several lines goes with each of them', () => {
    const scalar = (...text: string[]) =>
      lines('stringData:', '  conf: |', ...text.map((line) => `    ${line}`), '  b: c', 'x: y');
    expect(redact(scalar('user: dpp', '{"a": "b"}'))).toBe(
      lines('stringData:', '  conf: |', `    ${MARKER}`, `    ${MARKER}`, `  b: ${MARKER}`, 'x: y'),
    );
  });

  test('a value that is longer than a window goes to its end, in YAML as in JSON', () => {
    const long = base64('a certificate and its key '.repeat(8_000));
    expect(redact(lines('data:', `  a: ${long}`, `  b: ${SECRET}`))).toBe(lines('data:', `  a: ${MARKER}`, `  b: ${MARKER}`));
    expect(redact(`{"data":{"a":"${long}","b":"${SECRET}"},"c":"${SECRET}"}`)).toBe(
      `{"data":{"a":"${MARKER}","b":"${MARKER}"},"c":"${SECRET}"}`,
    );
  });

  test('a map that is longer than a window is known to its end', () => {
    const entries = (value: string) => Array.from({ length: 6_000 }, (_, index) => `"key.${index}":"${value}"`).join(',');
    expect(redact(`{"kind":"Secret","data":{${entries(SECRET)}},"z":"${SECRET}"}`)).toBe(
      `{"kind":"Secret","data":{${entries(MARKER)}},"z":"${SECRET}"}`,
    );
  });
});
