import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { followGrowth, GrowthWatch } from '../../../supervisor/memory/growth-watch.js';

describe('the growth of a worker', () => {
  it('is told once for each tenth of the hard limit, from where it was smallest', () => {
    const sizes = [60, 350, 361, 600, 662, 100, 390, 401];
    let from: Parameters<typeof followGrowth>[0] = { pid: 1, bytes: 60 };
    const told = sizes.filter((bytes) => {
      const step = followGrowth(from, { pid: 1, bytes }, 3_000);
      from = step.from;
      return step.hasGrown;
    });
    expect(told).toEqual([361, 662, 401]);
  });

  it('never passes the hard limit without having been told after nine tenths of it', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5_000), { minLength: 1 }), fc.integer({ min: 100, max: 3_000 }), (sizes, hard) => {
        let from: Parameters<typeof followGrowth>[0];
        let toldAt = 0;
        for (const bytes of sizes) {
          const step = followGrowth(from, { pid: 1, bytes }, hard);
          toldAt = step.hasGrown ? bytes : Math.min(toldAt, bytes);
          from = step.from;
          expect(bytes - toldAt).toBeLessThanOrEqual(hard / 10);
        }
      }),
    );
  });

  it('begins anew with each process, and there is none without a limit', () => {
    expect(followGrowth({ pid: 1, bytes: 2_000 }, { pid: 2, bytes: 301 }, 3_000).hasGrown).toBe(true);
    expect(followGrowth({ pid: 1, bytes: 2_000 }, { pid: 2, bytes: 299 }, 3_000).hasGrown).toBe(false);
    expect(followGrowth(undefined, { pid: 2, bytes: 9_000 }, 0).hasGrown).toBe(false);
  });
});

describe('the watch over it', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('sees it within a quarter of a second, and nothing of what can’t be looked at', () => {
    const onGrowth = vi.fn();
    let size: number | undefined;
    let pid: number | undefined = 1;
    const watch = new GrowthWatch({ workerPid: () => pid, hardLimit: () => 3_000, peek: () => size, onGrowth });
    watch.begin();
    vi.advanceTimersByTime(1_000);
    size = 9_000;
    vi.advanceTimersByTime(250);
    expect(onGrowth).toHaveBeenCalledTimes(1);
    pid = undefined;
    size = 20_000;
    vi.advanceTimersByTime(1_000);
    expect(onGrowth).toHaveBeenCalledTimes(1);
    watch.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});
