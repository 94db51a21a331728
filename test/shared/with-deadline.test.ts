import { MessageChannel } from 'node:worker_threads';

import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { DeadlineError, withDeadline } from '../../shared/with-deadline.js';

beforeEach(() => {
  // The turns of the event loop are real: what has arrived is heard before the deadline is judged.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

it('hands on what the work resolves with, and leaves no timer behind', async () => {
  expect(await withDeadline(Promise.resolve(7), 1_000, 'Counting')).toBe(7);
  expect(vi.getTimerCount()).toBe(0);
});

it('hands on what the work rejects with, and leaves no timer behind', async () => {
  const error = new Error('no');
  await expect(withDeadline(Promise.reject(error), 1_000, 'Counting')).rejects.toBe(error);
  expect(vi.getTimerCount()).toBe(0);
});

it('gives up at the deadline, not before, and says on what', async () => {
  const outcome = vi.fn();
  const waiting = withDeadline(new Promise(() => undefined), 1_000, 'Looking at the page').catch(outcome);
  await vi.advanceTimersByTimeAsync(999);
  expect(outcome).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  await waiting;
  const [[error]] = outcome.mock.calls as [[unknown]];
  expect(error).toBeInstanceOf(DeadlineError);
  expect(error).toMatchObject({
    name: 'DeadlineError',
    deadlineMs: 1_000,
    message: 'Looking at the page took longer than 1000 ms',
  });
});

it('gives work that gets on its time anew, as often as it does', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  const outcome = vi.fn();
  let since = performance.now();
  const waiting = withDeadline(new Promise(() => undefined), 1_000, 'Reading', () => since).catch(outcome);
  for (let part = 0; part < 3; part += 1) {
    await vi.advanceTimersByTimeAsync(900);
    since = performance.now();
  }
  await vi.advanceTimersByTimeAsync(999);
  expect(outcome).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  await waiting;
  expect(outcome.mock.calls).toMatchObject([[{ message: 'Reading took longer than 1000 ms' }]]);
});

it('is in time when what it waits for has arrived before the deadline could be judged', async () => {
  // As after a pause of the process: the timer runs first, and what lies in the pipe is read in the next turns.
  const { port1, port2 } = new MessageChannel();
  const arrived = new Promise((resolve) => {
    port2.once('message', resolve);
  });
  const waiting = withDeadline(arrived, 1_000, 'Looking at the page');
  port1.postMessage('here');
  vi.advanceTimersByTime(1_000);
  try {
    expect(await waiting).toBe('here');
  } finally {
    port1.close();
  }
});

it('swallows a rejection that comes after the deadline: it must not end the process', async () => {
  const unhandled = vi.fn();
  process.on('unhandledRejection', unhandled);
  try {
    let fail: (error: Error) => void = () => undefined;
    const work = new Promise<never>((_resolve, reject) => {
      fail = reject;
    });
    const waiting = expect(withDeadline(work, 1, 'Counting')).rejects.toBeInstanceOf(DeadlineError);
    await vi.advanceTimersByTimeAsync(1);
    await waiting;
    fail(new Error('too late'));
    vi.useRealTimers();
    // Node tells of a rejection that nobody handles after the microtasks of the turn in which it happened.
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled).not.toHaveBeenCalled();
  } finally {
    process.off('unhandledRejection', unhandled);
  }
});
