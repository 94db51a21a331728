import { isAbsolute, resolve } from 'node:path';
import { type OptionContext, type Parsed, accept, reject, show } from './option.js';
import { suggest } from './suggest.js';

interface Range {
  readonly least: number;
  readonly most: number;
}

const millisecondsPerUnit: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  sec: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
};

export function parseWholeNumber(raw: unknown, range: Range, example: number, unit: 'ms' | undefined): Parsed<number> {
  const write = String(example);
  if (typeof raw !== 'string' && typeof raw !== 'number') return reject('is not a number', { write });
  const text = String(raw).trim();
  if (!/^\d{1,15}$/.test(text))
    return reject(whatIsWrongWithNumber(text), { write: repairNumber(text, range, unit) ?? write });
  const value = Number(text);
  if (value < range.least || value > range.most) {
    const nearest = value < range.least ? range.least : range.most;
    return reject(`is outside of ${describeRange(range, unit)}`, { write: String(nearest) });
  }
  return accept(value);
}

export function describeRange(range: Range, unit: 'ms' | undefined): string {
  return `${range.least} to ${range.most}${unit === undefined ? '' : ` ${unit}`}`;
}

function whatIsWrongWithNumber(text: string): string {
  if (/^[-\u2212]/.test(text)) return 'is negative';
  if (text.startsWith('+')) return 'has a plus sign';
  if (/^[\d.,]+\s*[a-z]+$/i.test(text)) return 'has a unit or letters after the number';
  if (/^\d[\d\s]*$/.test(text)) return /\s/.test(text) ? 'has spaces in the number' : 'is far too large';
  if (/^[\d.,_]+$/.test(text)) return 'is not a whole number without separators';
  return 'is not a whole number';
}

/** What the writer most probably meant, if that is allowed: `+5000`, `5 000`, `5_000`, `5s`. */
function repairNumber(text: string, range: Range, unit: 'ms' | undefined): string | undefined {
  const withUnit = /^(\d+(?:\.\d+)?)\s*([a-z]+)$/i.exec(text);
  const factor = unit === undefined ? undefined : millisecondsPerUnit[withUnit?.[2]?.toLowerCase() ?? ''];
  const value =
    factor === undefined ? Number(text.replace(/^\+/, '').replace(/[\s_]/g, '')) : Number(withUnit?.[1]) * factor;
  return Number.isInteger(value) && value >= range.least && value <= range.most ? String(value) : undefined;
}

export function parseChoice<Choice extends string>(raw: unknown, choices: readonly Choice[]): Parsed<Choice> {
  const choice = choices.find((candidate) => candidate === (typeof raw === 'string' ? raw.trim() : raw));
  if (choice !== undefined) return accept(choice);
  const nearest = typeof raw === 'string' ? suggest(raw, choices) : undefined;
  return reject(`is none of ${choices.join(', ')}`, { write: nearest ?? choices[0] });
}

/** `1` or `0`; `true` and `false` are understood as well. */
export function parseSwitch(raw: unknown): Parsed<boolean> {
  const text = show(raw).replaceAll('"', '').trim().toLowerCase();
  if (text === '1' || text === 'true') return accept(true);
  if (text === '0' || text === 'false') return accept(false);
  const write = ['no', 'off', 'n', 'disabled'].includes(text) ? '0' : '1';
  return reject('is neither 1 nor 0', { write });
}

/** A path, made absolute. */
export function parsePath(raw: unknown, context: OptionContext, example: string): Parsed<string> {
  if (typeof raw !== 'string') return reject('is not a path', { write: example });
  if (raw.includes('\0')) return reject('has a zero byte in it', { write: example });
  if (/^~([/\\]|$)/.test(raw)) {
    // Left alone, this would make a folder named "~", and somebody would remove it with `rm -rf ~`.
    return reject('starts with ~, which only a shell expands', { advice: 'write the whole path' });
  }
  return accept(isAbsolute(raw) ? raw : resolve(context.workingDirectory, raw));
}
