import fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { DiskWatch } from '../../supervisor/disk-watch.js';
import { isDiskLow } from '../../supervisor/judge-disk.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('a disk is low below the limit, and stays so until it is a quarter above', () => {
  const mb = fc.nat(2_000);
  fc.assert(
    fc.property(mb, fc.integer({ min: 1, max: 1_000 }), fc.boolean(), (freeMb, limit, wasLow) => {
      const isLow = isDiskLow({ freeMb, freeFiles: null }, limit, wasLow);
      if (freeMb < limit) expect(isLow).toBe(true);
      else if (freeMb >= 1.25 * limit) expect(isLow).toBe(false);
      else expect(isLow).toBe(wasLow);
    }),
  );
});

it('a disk without room for files is low, and none is with a limit of 0', () => {
  expect(isDiskLow({ freeMb: 10_000, freeFiles: 10 }, 500, false)).toBe(true);
  expect(isDiskLow({ freeMb: 0, freeFiles: 0 }, 0, true)).toBe(false);
});

it('is told once, with the folder and what is left, and again after there was room', async () => {
  let freeMb = 900;
  const told: string[] = [];
  const watch = new DiskWatch({
    folder: '/sessions',
    limitMb: () => 500,
    intervalMs: 1_000,
    raise: ({ kind, sentence }) => told.push(`${kind}: ${sentence}`),
    onOver: (free) => told.push(`over: ${free}`),
    read: () => Promise.resolve({ freeMb, freeFiles: null }),
  });
  watch.start();
  for (const next of [400, 300, 550, 700, 100]) {
    await vi.advanceTimersByTimeAsync(1_000);
    freeMb = next;
  }
  await vi.advanceTimersByTimeAsync(1_000);
  watch.stop();
  expect(told).toEqual([
    'disk-low: The disk of /sessions has 400 MB left.',
    'over: 700',
    'disk-low: The disk of /sessions has 100 MB left.',
  ]);
});
