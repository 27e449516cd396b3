import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { LastLine } from '../../../src/actors/process/last-line.js';

let now: number;
beforeEach(() => {
  now = 1_000;
  jest.spyOn(performance, 'now').mockImplementation(() => now);
});
afterEach(() => {
  jest.restoreAllMocks();
});

function follow(...chunks: readonly (string | Uint8Array)[]) {
  const shown: string[] = [];
  const output = new LastLine((line) => shown.push(line));
  const take = (chunk: string | Uint8Array) => output.take(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
  chunks.forEach(take);
  return { output, shown, take };
}
/** The newest line, where there is time enough to show each. */
function last(...chunks: readonly string[]): string {
  const { shown, take } = follow();
  for (const chunk of chunks) {
    now += 200;
    take(chunk);
  }
  return shown.at(-1) ?? '';
}

describe('the newest line', () => {
  test.each<[string, readonly string[], string]>([
    ['the last one that is finished', ['a\nb\nc'], 'b'],
    ['put together from pieces', ['one ', 'lin', 'e\n'], 'one line'],
    ['ended by a carriage return too', ['10 %\r20 %\r30'], '20 %'],
    ['one and not two, where both end it', ['a\r\n\r\n'], 'a'],
    ['not an empty one', ['a\n\n  \n\u001b[0m\n'], 'a'],
    ['without spaces around it', ['  a b \t\n'], 'a b'],
    ['without colours and cursor movements', ['\u001b[1;32mgreen\u001b[0m \u001b[?25l\u001b[2Kline\n'], 'green line'],
    ['without the characters between', ['\u001b[1 qa\u001b[~b\n'], 'ab'],
    ['without control characters and invisible ones', ['a\u0007b\u200bc\u0000\n'], 'abc'],
    ['empty before there is one', ['not yet'], ''],
  ])('is %s', (_what, chunks, expected) => {
    expect(last(...chunks)).toBe(expected);
  });

  test('is shortened to 200 characters, whether it came at once or in pieces', () => {
    const long = `${'a'.repeat(150)}${'b'.repeat(150)}\n`;
    expect(last(long)).toBe(`${'a'.repeat(150)}${'b'.repeat(50)}`);
    // Of what is not finished only the end is kept.
    expect(last(long.slice(0, -1), '\n')).toBe(`${'a'.repeat(50)}${'b'.repeat(150)}`);
  });

  test('is found at the end of a large piece, of which no more is looked at than it takes', () => {
    expect(last(`${'x'.repeat(5_000)}\nend\n`)).toBe('end');
    expect(last(`${'x'.repeat(900)}\n`)).toBe('x'.repeat(200));
    expect(last(`lost\n${'x'.repeat(799)}`)).toBe('');
    expect(last(`kept\n${'x'.repeat(795)}`)).toBe('kept');
  });
});

describe('whoever watches', () => {
  test('sees a line at once, and the next one not before 200 ms have passed', () => {
    const { shown, take } = follow('a\n');
    now += 199;
    take('b\n');
    expect(shown).toEqual(['a']);
    now += 1;
    take('c\n');
    now += 199;
    take('d\n');
    expect(shown).toEqual(['a', 'c']);
  });

  test('sees nothing where no line is finished', () => {
    expect(follow('a', '', '\n\n').shown).toEqual(['a']);
    expect(follow('a').shown).toEqual([]);
  });
});

test('bytes are counted, and it is known whether the output ends a line', () => {
  const { output, take } = follow();
  expect([output.bytes, output.endsLine]).toEqual([0, true]);
  take('ü');
  expect([output.bytes, output.endsLine]).toEqual([2, false]);
  take('\n');
  expect([output.bytes, output.endsLine]).toEqual([3, true]);
  take('');
  expect([output.bytes, output.endsLine]).toEqual([3, true]);
  take('a\r');
  expect([output.bytes, output.endsLine]).toEqual([5, false]);
});
