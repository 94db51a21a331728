import { describe, expect, it } from 'vitest';

import { silenceOf } from '../../../supervisor/memory/watch-memory.js';

const noon = Date.UTC(2026, 0, 1, 12);
const before = (ms: number): string => new Date(noon - ms).toISOString();

describe('how long nobody has heard of a message', () => {
  it.each([
    ['since the last one', { since: before(60_000), lastMessageAt: before(10_000) }, 10_000],
    ['without any: since it listens', { since: before(60_000), lastMessageAt: null }, 60_000],
    [
      'since it listens again, where the last one came to an earlier life',
      { since: before(500), lastMessageAt: before(10_000) },
      500,
    ],
    ['never less than nothing, when the clock was set back', { since: before(-5_000), lastMessageAt: null }, 0],
  ])('%s', (_name, seen, expected) => {
    expect(silenceOf(seen, noon)).toBe(expected);
  });
});
