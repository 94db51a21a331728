import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { MemoryWatch, type RecycleRequest, type WatchedProcesses } from '../../../supervisor/memory/memory-watch.js';

const megabyte = 1024 * 1024;
const minute = 60_000;
const settings = {
  memoryIntervalMs: 30_000,
  memorySoftLimitMb: 1_500,
  memoryHardLimitMb: 3_000,
  quietMs: 30_000,
  recycleAfterMs: 0,
};

let processes: WatchedProcesses;
let megabytes: number | undefined;
let reads: { readonly roots: readonly number[]; readonly exact: boolean }[];
let requests: RecycleRequest[];
let problems: string[];
let current: typeof settings;
let random: number;
let watch: MemoryWatch;
let read: () => Promise<number | undefined>;
let workerMegabytes: number;
let isUp: boolean;

beforeEach(() => {
  vi.useFakeTimers();
  processes = { browserPid: 10, workerPid: 20, listening: true, silenceMs: 60_000 };
  megabytes = 400;
  reads = [];
  requests = [];
  problems = [];
  current = settings;
  random = 0.5;
  isUp = true;
  workerMegabytes = 120;
  read = () => Promise.resolve(megabytes === undefined ? undefined : megabytes * megabyte);
  watch = new MemoryWatch({
    settings: () => current,
    processes: () => processes,
    read: (roots, exact) => {
      // What the worker alone needs is asked only when something is to be done.
      if (roots.length === 1 && roots[0] === 20) return Promise.resolve(workerMegabytes * megabyte);
      reads.push({ roots, exact });
      return read();
    },
    recycle: (request) => {
      requests.push(request);
      return isUp;
    },
    onError: (problem) => problems.push(problem),
    now: () => performance.now(),
    random: () => random,
  });
});
afterEach(() => {
  watch.close();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

describe('measuring', () => {
  it('begins within the interval, then goes on at that interval, with browser and worker', async () => {
    watch.begin();
    expect(watch.bytes).toBeNull();
    await pass(15_000);
    expect(watch.bytes).toBe(400 * megabyte);
    await pass(60_000);
    expect(reads).toEqual(Array.from({ length: 3 }, () => ({ roots: [10, 20], exact: false })));
  });

  it('is spread, so that many accounts don’t measure together', async () => {
    random = 1;
    watch.begin();
    await pass(30_000 + 32_999);
    expect(reads).toHaveLength(1);
    await pass(1);
    expect(reads).toHaveLength(2);
  });

  it('leaves out who isn’t there, and knows nothing of an account without a browser', async () => {
    watch.begin();
    processes = { ...processes, workerPid: undefined };
    await pass(15_000);
    expect(reads.at(-1)?.roots).toEqual([10]);
    processes = { ...processes, browserPid: undefined };
    await pass(60_000);
    expect(reads).toHaveLength(1);
    expect(watch.bytes).toBeNull();
  });

  it('comes at once when something grows fast, and then again at its interval', async () => {
    watch.hurry();
    expect(reads).toHaveLength(0);
    watch.begin();
    await pass(15_000);
    watch.hurry();
    watch.hurry();
    await pass(0);
    expect(reads).toHaveLength(2);
    await pass(29_999);
    expect(reads).toHaveLength(2);
    await pass(1);
    expect(reads).toHaveLength(3);
  });

  it('says nothing where memory can’t be measured', async () => {
    megabytes = undefined;
    watch.begin();
    await pass(10 * minute);
    expect([watch.bytes, requests]).toEqual([null, []]);
  });

  it('goes on after a failure that nobody has thought of', async () => {
    watch.begin();
    read = () => Promise.reject(new Error('EMFILE'));
    await pass(15_000);
    expect(problems).toEqual([expect.stringContaining('EMFILE')]);
    read = () => Promise.resolve(400 * megabyte);
    await pass(30_000);
    expect(watch.bytes).toBe(400 * megabyte);
  });

  it('never begins twice at the same time, and ends with the watch', async () => {
    let answer: (bytes: number) => void = () => undefined;
    read = () => new Promise((resolve) => (answer = resolve));
    watch.begin();
    await pass(10 * minute);
    expect(reads).toHaveLength(1);
    watch.close();
    answer(9_000 * megabyte);
    await pass(10 * minute);
    expect([reads.length, requests]).toEqual([1, []]);
  });
});

describe('too much memory', () => {
  it('of a session that isn’t up yet is asked about again until it is', async () => {
    megabytes = 3_200;
    isUp = false;
    watch.begin();
    await pass(25_000);
    expect(requests.map(({ because }) => because)).toEqual(['hard-limit', 'hard-limit']);
    isUp = true;
    await pass(5_000);
    expect(requests).toHaveLength(3);
    await pass(60_000);
    expect(requests).toHaveLength(3);
  });

  it('is measured exactly, confirmed by another measurement, and ends in a planned restart', async () => {
    megabytes = 1_620;
    watch.begin();
    await pass(15_000);
    expect(reads.map(({ exact }) => exact)).toEqual([false, true]);
    expect(requests).toEqual([]);
    await pass(30_000);
    expect(requests).toEqual([
      {
        because: 'soft-limit',
        reason: 'Browser and worker use 1620 MB, more than the soft limit of 1500 MB (WASUP_MEMORY_SOFT_LIMIT_MB)',
        freshBrowser: true,
      },
    ]);
  });

  it('is answered by a new worker alone where it is the worker that is large', async () => {
    megabytes = 1_620;
    workerMegabytes = 900;
    watch.begin();
    await pass(15_000 + 30_000);
    expect(requests).toMatchObject([{ because: 'soft-limit', freshBrowser: false }]);
  });

  it('waits for a quiet moment', async () => {
    megabytes = 1_620;
    processes = { ...processes, silenceMs: 0 };
    watch.begin();
    await pass(10 * minute);
    expect(requests).toEqual([]);
    processes = { ...processes, silenceMs: 30_000 };
    await pass(30_000);
    expect(requests).toHaveLength(1);
  });

  it('above the hard limit ends at once, and is confirmed within seconds', async () => {
    megabytes = 3_100;
    processes = { ...processes, silenceMs: 0, listening: false };
    watch.begin();
    await pass(15_000);
    expect(requests).toEqual([]);
    await pass(5_000);
    expect(requests).toMatchObject([{ because: 'hard-limit' }]);
  });

  it('of one browser is nothing to the next', async () => {
    megabytes = 1_620;
    watch.begin();
    await pass(15_000);
    processes = { ...processes, browserPid: 11 };
    await pass(30_000);
    expect(requests).toEqual([]);
    await pass(30_000);
    expect(requests).toHaveLength(1);
  });

  it('that the next browser needs as well interrupts every ten minutes at most', async () => {
    megabytes = 1_620;
    watch.begin();
    await pass(15_000 + 30_000);
    processes = { ...processes, browserPid: 11 };
    await pass(9 * minute);
    expect(requests).toHaveLength(1);
    await pass(minute + 30_000);
    expect(requests).toHaveLength(2);
  });

  it('is judged by the limits of the moment', async () => {
    megabytes = 1_620;
    current = { ...settings, memorySoftLimitMb: 0 };
    watch.begin();
    await pass(10 * minute);
    expect(requests).toEqual([]);
    current = settings;
    await pass(minute);
    expect(requests).toHaveLength(1);
  });

  it('that was measured of a browser that has gone meanwhile is dropped', async () => {
    let answer: (bytes: number) => void = () => undefined;
    read = () => new Promise((resolve) => (answer = resolve));
    watch.begin();
    await pass(15_000);
    processes = { ...processes, browserPid: 11 };
    answer(400 * megabyte);
    await pass(0);
    expect(watch.bytes).toBeNull();
  });
});

describe('age', () => {
  it.each([
    ['a tenth earlier', 0, 54 * minute],
    ['at its time', 0.5, 60 * minute],
    ['a tenth later', 1, 66 * minute],
  ])('ends a browser %s by chance', async (_name, chance, lifeMs) => {
    current = { ...settings, recycleAfterMs: 60 * minute };
    random = chance;
    watch.begin();
    await pass(chance * settings.memoryIntervalMs);
    await pass(lifeMs - 40_000);
    expect(requests).toEqual([]);
    await pass(80_000);
    expect(requests).toMatchObject([{ because: 'age' }]);
  });

  it('works where memory can’t be measured', async () => {
    megabytes = undefined;
    current = { ...settings, recycleAfterMs: 5 * minute };
    watch.begin();
    await pass(6 * minute);
    expect(requests).toMatchObject([{ because: 'age' }]);
  });

  it('begins anew with each browser', async () => {
    current = { ...settings, recycleAfterMs: 60 * minute };
    watch.begin();
    await pass(50 * minute);
    processes = { ...processes, browserPid: 11 };
    await pass(50 * minute);
    expect(requests).toEqual([]);
    await pass(12 * minute);
    expect(requests).toHaveLength(1);
  });

  it('of weeks doesn’t overflow anything', async () => {
    current = { ...settings, memoryIntervalMs: 3_600_000, recycleAfterMs: 2_592_000_000 };
    watch.begin();
    await pass(29 * 24 * 60 * minute);
    expect(requests).toEqual([]);
    await pass(26 * 60 * minute);
    expect(requests[0]).toMatchObject({ because: 'age' });
  });
});
