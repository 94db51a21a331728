import fc from 'fast-check';
import { expect, test } from 'vitest';

import { isSameNumber } from '../../shared/same-number.js';

test.each([
  ['Brazil, with and without the ninth digit', '5511987654321', '551187654321', true],
  ['Brazil, another city', '5511987654321', '552187654321', false],
  ['Mexico, with and without the 1', '5215512345678', '525512345678', true],
  ['Argentina, with and without the 9', '5491112345678', '541112345678', true],
  ['a 9 elsewhere is a digit like another', '4911987654321', '491187654321', false],
  ['one digit more', '12025550100', '120255501000', false],
])('%s', (_name, one, other, expected) => {
  expect(isSameNumber(one, other)).toBe(expected);
  expect(isSameNumber(other, one)).toBe(expected);
});

test('numbers of all other countries are the same only when they are equal', () => {
  const number = fc.stringMatching(/^(1|20|33|44|49|61|62|81|91|234)\d{8,10}$/);
  fc.assert(
    fc.property(number, number, (one, other) => {
      expect(isSameNumber(one, other)).toBe(one === other);
    }),
  );
});
