import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  followMemory,
  judgeMemory,
  type MemoryCircumstances,
  type MemoryVerdict,
  noTrend,
} from '../../../supervisor/memory/judge-memory.js';

const minute = 60_000;
const hour = 60 * minute;
const limits = { softBytes: 1_500, hardBytes: 3_000 };

describe('the trend', () => {
  it.each([
    ['below both limits', 1_500, {}],
    ['above the soft limit', 1_501, { overSoftSinceMs: 7 }],
    ['above both', 3_001, { overSoftSinceMs: 7, overHardSinceMs: 7 }],
  ])('%s', (_name, bytes, expected) => {
    expect(followMemory(noTrend, bytes, limits, 7)).toEqual({ ...noTrend, ...expected });
  });

  it('knows since when, and forgets as soon as a measurement is below', () => {
    const first = followMemory(noTrend, 2_000, limits, 1);
    expect(followMemory(first, 2_500, limits, 9)).toEqual({ overSoftSinceMs: 1, overHardSinceMs: null });
    expect(followMemory(first, 1_000, limits, 9)).toEqual(noTrend);
  });

  it('has no limits where they are 0', () => {
    expect(followMemory(noTrend, 1e12, { softBytes: 0, hardBytes: 0 }, 1)).toEqual(noTrend);
  });
});

const usual: MemoryCircumstances = {
  trend: noTrend,
  oldSinceMs: null,
  nowMs: 100 * hour,
  lastRecycleAtMs: null,
  listening: true,
  silenceMs: minute,
  quietMs: 30_000,
};
const now = usual.nowMs;
const soft = { overSoftSinceMs: now - minute, overHardSinceMs: null };
const hard = { overSoftSinceMs: now - minute, overHardSinceMs: now - minute };

const fine: MemoryVerdict = { action: 'fine' };
const wait: MemoryVerdict = { action: 'wait' };
const recycleSoft: MemoryVerdict = { action: 'recycle', because: 'soft-limit' };
const recycleOld: MemoryVerdict = { action: 'recycle', because: 'age' };
const atOnce: MemoryVerdict = { action: 'recycle-now', because: 'hard-limit' };

describe('what follows', () => {
  const table: readonly (readonly [string, Partial<MemoryCircumstances>, MemoryVerdict])[] = [
    ['nothing is too much', {}, fine],
    ['too much for the first time: one more measurement', { trend: { ...soft, overSoftSinceMs: now } }, wait],
    ['too much, and quiet', { trend: soft }, recycleSoft],
    ['too much, and a message came just now', { trend: soft, silenceMs: 29_999 }, wait],
    ['… a moment is quiet after exactly that time', { trend: soft, silenceMs: 30_000 }, recycleSoft],
    [
      '… never quiet for just under an hour',
      { trend: { ...soft, overSoftSinceMs: now - hour + 1 }, silenceMs: 0 },
      wait,
    ],
    ['… never quiet for an hour', { trend: { ...soft, overSoftSinceMs: now - hour }, silenceMs: 0 }, recycleSoft],
    ['too much, and not listening', { trend: soft, listening: false }, wait],
    ['… for hours', { trend: { ...soft, overSoftSinceMs: 0 }, listening: false }, wait],
    ['too much again, soon after the last time', { trend: soft, lastRecycleAtMs: now - 10 * minute + 1 }, wait],
    ['… ten minutes after', { trend: soft, lastRecycleAtMs: now - 10 * minute }, recycleSoft],
    ['far too much, for the first time', { trend: { ...hard, overHardSinceMs: now }, silenceMs: 0 }, wait],
    ['far too much, however busy', { trend: hard, silenceMs: 0 }, atOnce],
    ['… and not listening', { trend: hard, listening: false }, atOnce],
    ['… without a soft limit', { trend: { ...hard, overSoftSinceMs: null } }, atOnce],
    ['… soon after the last time', { trend: hard, lastRecycleAtMs: now - 2 * minute }, atOnce],
    ['… too soon after the last time', { trend: hard, lastRecycleAtMs: now - 2 * minute + 1 }, wait],
    ['old, and quiet', { oldSinceMs: now }, recycleOld],
    ['old, and busy', { oldSinceMs: now, silenceMs: 0 }, wait],
    ['old for an hour, and busy', { oldSinceMs: now - hour, silenceMs: 0 }, recycleOld],
    ['old, and not listening', { oldSinceMs: now - hour, listening: false }, wait],
    ['old, a few minutes after the last time', { oldSinceMs: now, lastRecycleAtMs: now - 3 * minute }, recycleOld],
  ];

  it.each(table)('%s', (_name, circumstances, verdict) => {
    expect(judgeMemory({ ...usual, ...circumstances })).toEqual(verdict);
  });
});

describe('whatever the circumstances', () => {
  const maybe = (most: number): fc.Arbitrary<number | null> => fc.option(fc.integer({ min: 0, max: most }));
  const anyCircumstances = fc.record({
    trend: fc.record({ overSoftSinceMs: maybe(3 * hour), overHardSinceMs: maybe(3 * hour) }),
    oldSinceMs: maybe(3 * hour),
    nowMs: fc.constant(3 * hour),
    lastRecycleAtMs: maybe(3 * hour),
    listening: fc.boolean(),
    silenceMs: fc.integer({ min: 0, max: 3 * hour }),
    quietMs: fc.integer({ min: 0, max: hour }),
  });

  it('a planned restart only meets a session that listens, and not right after another', () => {
    fc.assert(
      fc.property(anyCircumstances, (circumstances) => {
        const { action } = judgeMemory(circumstances);
        const sinceLast = circumstances.nowMs - (circumstances.lastRecycleAtMs ?? -Infinity);
        if (action === 'recycle') expect(circumstances.listening).toBe(true);
        if (action === 'recycle' || action === 'recycle-now') expect(sinceLast).toBeGreaterThanOrEqual(2 * minute);
      }),
    );
  });

  it('nothing is done without a reason, and a reason is always known', () => {
    fc.assert(
      fc.property(anyCircumstances, (circumstances) => {
        const { trend, oldSinceMs } = circumstances;
        const reasons = [trend.overSoftSinceMs, trend.overHardSinceMs, oldSinceMs].filter((since) => since !== null);
        expect(judgeMemory(circumstances).action === 'fine').toBe(reasons.length === 0);
      }),
    );
  });

  it('a session that listens gets its restart within an hour of a reason, if there was none lately', () => {
    fc.assert(
      fc.property(anyCircumstances, (circumstances) => {
        const { trend, oldSinceMs, nowMs } = circumstances;
        const oldest = Math.min(trend.overSoftSinceMs ?? nowMs, oldSinceMs ?? nowMs);
        if (nowMs - oldest < hour) return;
        const { action } = judgeMemory({ ...circumstances, listening: true, lastRecycleAtMs: null });
        expect(action).toMatch(/^recycle/);
      }),
    );
  });
});
