import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { within } from '../../shared/within.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('says yes as soon as it happens, and leaves no timer behind', async () => {
  expect(await within(Promise.resolve('anything'), 1_000)).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});

it('says no when the time is over, not before', async () => {
  const outcome = vi.fn();
  void within(new Promise(() => undefined), 1_000).then(outcome);
  await vi.advanceTimersByTimeAsync(999);
  expect(outcome).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(outcome).toHaveBeenCalledWith(false);
});

it('hands on a failure, and leaves no timer behind', async () => {
  const error = new Error('no');
  await expect(within(Promise.reject(error), 1_000)).rejects.toBe(error);
  expect(vi.getTimerCount()).toBe(0);
});
