import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { boundStack, boundText, boundTexts, isBounded, maxTextBytes } from '../../shared/bounded-text.js';
import { describeError, describeStack } from '../../shared/errors.js';

const anyText = fc.string({ unit: 'binary', maxLength: 400 });
const bound = fc.integer({ min: 40, max: 400 });

describe('a bounded text', () => {
  it('has so many bytes at most, begins as the text does, and says how many bytes are missing', () => {
    fc.assert(
      fc.property(anyText, bound, (text, maxBytes) => {
        const bounded = boundText(text, maxBytes);
        expect(isBounded(bounded, maxBytes)).toBe(true);
        const [, kept = '', missing] = /^([^]*)… \((\d+) more bytes\)$/.exec(bounded) ?? [];
        if (Buffer.byteLength(text) <= maxBytes) expect(bounded).toBe(text);
        else {
          expect(text.startsWith(kept)).toBe(true);
          expect(Buffer.byteLength(kept) + Number(missing)).toBe(Buffer.byteLength(text));
        }
      }),
    );
  });

  it('is cut between two characters', () => {
    for (let maxBytes = 40; maxBytes < 60; maxBytes += 1) {
      const bounded = boundText('😀'.repeat(50), maxBytes);
      expect(bounded).toMatch(/^(😀)+… /u);
      expect(bounded).not.toContain('\uFFFD');
    }
  });

  it('is left alone when it is bounded again', () => {
    fc.assert(
      fc.property(anyText, bound, (text, maxBytes) => {
        const once = boundText(text, maxBytes);
        expect(boundText(once, maxBytes)).toBe(once);
      }),
    );
  });
});

describe('a value with bounded texts', () => {
  it('has all its texts within the bound, and everything else as it was', () => {
    fc.assert(
      fc.property(fc.jsonValue(), bound, (value, maxBytes) => {
        const bounded = boundTexts(value, maxBytes);
        expect(textsOf(bounded).every((text) => isBounded(text, maxBytes))).toBe(true);
        if (textsOf(value).every((text) => isBounded(text, maxBytes))) expect(bounded).toBe(value);
      }),
    );
  });

  it('keeps its shape', () => {
    expect(boundTexts({ a: ['x'.repeat(50), 7, null], b: { c: true } }, 30)).toEqual({
      a: [`${'x'.repeat(11)}… (39 more bytes)`, 7, null],
      b: { c: true },
    });
  });
});

describe('what a bot throws', () => {
  const long = 'z'.repeat(3_000_000);

  it.each([
    ['an error', new Error(long)],
    ['a string', long],
    ['an object', { long }],
    ['an object that contains itself', circle(long)],
    ['an error with something else for a message', Object.assign(new Error('x'), { message: { long } })],
  ])('is told within the bound: %s', (_name, thrown) => {
    expect(isBounded(describeError(thrown))).toBe(true);
    expect(isBounded(describeStack(thrown), 4 * maxTextBytes)).toBe(true);
  });

  it('is told with its calls, however long its message is', () => {
    const stack = boundStack(new Error(long));
    expect(stack).toMatch(/^Error: z+… \(\d+ more bytes\)\n\s+at .*bounded-text\.test/);
    expect(isBounded(stack, 4 * maxTextBytes)).toBe(true);
  });
});

function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsOf);
}

function circle(text: string): object {
  const value: { self?: unknown; text: string } = { text };
  value.self = value;
  return value;
}
