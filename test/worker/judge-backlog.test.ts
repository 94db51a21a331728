import { expect, it } from 'vitest';

import { isBehind } from '../../worker/judge-backlog.js';

it('begins beyond the limit, and ends at half of it, so that the account doesn’t go up and down at the limit', () => {
  expect([0, 9_999, 10_000, 10_001].map((ms) => isBehind(ms, 10_000, false))).toEqual([false, false, false, true]);
  expect([10_000, 5_001, 5_000, 0].map((ms) => isBehind(ms, 10_000, true))).toEqual([true, true, false, false]);
});
