import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseWords } from '../../shared/configuration/parse-words.js';

function words(line: string): readonly string[] | string {
  const parsed = parseWords(line);
  return parsed.accepted ? parsed.value : parsed.what;
}

test('words are split at white space of any kind and amount', () => {
  expect(words('  --mute-audio\t--lang=en\n--x ')).toEqual(['--mute-audio', '--lang=en', '--x']);
  expect(words('')).toEqual([]);
});

test('quotes keep spaces, join with what touches them, and may be empty', () => {
  expect(words(`--proxy-server="http=a b;c" --x='"'y '' a""b`)).toEqual([
    '--proxy-server=http=a b;c',
    '--x="y',
    '',
    'ab',
  ]);
});

test('a backslash keeps the next character, but is itself in quotes where nothing needs it', () => {
  expect(words(String.raw`a\ b "c\"d\\e\f" 'g\h'`)).toEqual(['a b', String.raw`c"d\e\f`, String.raw`g\h`]);
});

test('nothing is expanded', () => {
  expect(words('$HOME `id` * ~')).toEqual(['$HOME', '`id`', '*', '~']);
});

test('what is never closed is refused', () => {
  expect(words('"--a')).toBe('has a double quote that is never closed');
  expect(words("--a='b")).toBe('has a single quote that is never closed');
  expect(words('a\\')).toBe('ends in a lone backslash');
});

test('a JSON array is read as it is, and must hold strings alone', () => {
  expect(words(' ["--a b", "--c"]')).toEqual(['--a b', '--c']);
  expect(words('["--a", 1]')).toBe('is a JSON array, but not of strings alone');
  expect(words('["--a"')).toBe('starts like a JSON array but is not valid JSON');
});

test('any words come back from their JSON form and from each way of quoting them', () => {
  const singleQuoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;
  const doubleQuoted = (word: string): string => `"${word.replace(/["\\]/g, '\\$&')}"`;
  const escaped = (word: string): string => (word === '' ? '""' : word.replace(/[^a-z0-9]/gi, '\\$&'));
  fc.assert(
    fc.property(fc.array(fc.string()), fc.constantFrom(singleQuoted, doubleQuoted, escaped), (given, quote) => {
      expect(words(given.map(quote).join(' '))).toEqual(given);
      expect(words(JSON.stringify(given))).toEqual(given);
    }),
  );
});
