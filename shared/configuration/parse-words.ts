import { type Parsed, accept, reject } from './option.js';

/**
 * Splits a line into words as a shell does, or reads a JSON array of strings.
 *
 * Single quotes keep everything; double quotes keep everything but `\"` and `\\`; a backslash outside of quotes keeps
 * the next character. Nothing is expanded: no variables, no globs, no commands. Backslashes of Windows paths survive
 * in single quotes and in the JSON form.
 */
export function parseWords(line: string): Parsed<readonly string[]> {
  return line.trimStart().startsWith('[') ? parseJsonWords(line) : splitWords(line);
}

function parseJsonWords(line: string): Parsed<readonly string[]> {
  const advice = 'write a JSON array of strings, for example ["--mute-audio", "--lang=en"]';
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return reject('starts like a JSON array but is not valid JSON', { advice });
  }
  const words = Array.isArray(value) ? (value as unknown[]) : [value];
  if (!words.every((word) => typeof word === 'string')) {
    return reject('is a JSON array, but not of strings alone', { advice });
  }
  return accept(words);
}

function splitWords(line: string): Parsed<readonly string[]> {
  const words: string[] = [];
  // Undefined between words: an empty pair of quotes is a word, a gap is not.
  let word: string | undefined;
  let quote: '"' | "'" | undefined;
  for (let index = 0; index < line.length; index += 1) {
    const character = line.charAt(index);
    const next = line.charAt(index + 1);
    if (character === quote) {
      quote = undefined;
    } else if (character === '\\' && quote !== "'" && (quote === undefined || next === '"' || next === '\\')) {
      if (next === '') return reject('ends in a lone backslash', { advice: 'remove it, or write it twice' });
      word = (word ?? '') + next;
      index += 1;
    } else if (quote !== undefined) {
      word = (word ?? '') + character;
    } else if (character === '"' || character === "'") {
      quote = character;
      word ??= '';
    } else if (/\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? '') + character;
    }
  }
  if (quote !== undefined) {
    return reject(`has a ${quote === '"' ? 'double' : 'single'} quote that is never closed`, { advice: 'close it' });
  }
  if (word !== undefined) words.push(word);
  return accept(words);
}
