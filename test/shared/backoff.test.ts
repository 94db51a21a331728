import fc from 'fast-check';
import { expect, it } from 'vitest';

import { backoffMs, longestPausesMs } from '../../shared/backoff.js';

const limits = { backoffBaseMs: 250, backoffCapMs: 60_000 };

it('is nothing after the first failure, then doubles from base to cap', () => {
  const longest = Array.from({ length: 12 }, (_, index) => backoffMs(index + 1, 1, limits));
  expect(longest).toEqual([0, 250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
});

const anyLimits = fc
  .tuple(fc.integer({ min: 10, max: 60_000 }), fc.integer({ min: 0, max: 3_540_000 }))
  .map(([backoffBaseMs, more]) => ({ backoffBaseMs, backoffCapMs: backoffBaseMs + more }));

it('is spread over the upper half of its range, whatever base and cap are, and never above the cap', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 100_000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      anyLimits,
      (failures, random, some) => {
        const longest = backoffMs(failures, 1, some);
        expect(longest).toBeLessThanOrEqual(some.backoffCapMs);
        expect(longest).toBeGreaterThanOrEqual(some.backoffBaseMs);
        expect(backoffMs(failures, random, some)).toBeGreaterThanOrEqual(Math.floor(longest / 2));
        expect(backoffMs(failures, random, some)).toBeLessThanOrEqual(longest);
      },
    ),
  );
});

it('adds up: between so many failures there is a pause less', () => {
  expect([1, 2, 3, 4, 10].map((failures) => longestPausesMs(failures, limits))).toEqual([0, 0, 250, 750, 63_750]);
});
