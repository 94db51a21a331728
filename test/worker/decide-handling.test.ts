import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Head } from '../../shared/inbox/inbox-message.js';
import { afterDeath, afterFailure, chooseNext, maxDeaths } from '../../worker/decide-handling.js';

const limits = { attempts: 3, retryDelayMs: 1_000, concurrency: 2 };
const now = 1_000_000;

const head = (id: string, t: number, more: Partial<Head> = {}): Head => ({
  id,
  chat: `chat of ${id}`,
  t,
  place: t,
  deaths: 0,
  nextAt: null,
  ...more,
});

describe('a message whose handler has failed', () => {
  test.each([
    [1, { state: 'waiting', nextAt: now + 1_000 }],
    [2, { state: 'waiting', nextAt: now + 5_000 }],
    [3, { state: 'dead', nextAt: null, settledAt: now }],
    [4, { state: 'dead', nextAt: null, settledAt: now }],
  ] as const)('after attempt %i of 3', (attempts, expected) => {
    expect(afterFailure({ attempts }, 'no such city', limits, now)).toMatchObject({
      ...expected,
      error: 'no such city',
    });
  });

  test('is never tried without a pause, and never waits longer than five minutes', () => {
    const many = { ...limits, attempts: 100 };
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 99 }), (attempts) => {
        const { nextAt } = afterFailure({ attempts }, 'x', many, now);
        expect(nextAt).toBeGreaterThanOrEqual(now + 1_000);
        expect(nextAt).toBeLessThanOrEqual(now + 300_000);
      }),
    );
  });
});

test('a message that its worker has died over is handled again, and parked at the third death', () => {
  let message = { deaths: 0, error: null as string | null };
  const states = Array.from({ length: maxDeaths }, () => {
    const after = afterDeath(message, now);
    message = after;
    return after.state;
  });
  expect(states).toEqual(['waiting', 'waiting', 'dead']);
  expect(message.error).toContain('has ended 3 times');
});

describe('the next message', () => {
  test.each<[string, Head[], { deaths: number }[], ReturnType<typeof chooseNext>]>([
    ['is none where there is none', [], [], { do: 'rest' }],
    ['is the oldest', [head('B', 2), head('A', 1)], [], { do: 'handle', head: head('A', 1) }],
    [
      'of the same second is the one that the page had first',
      [head('B', 1, { place: 8 }), head('A', 1, { place: 7 })],
      [],
      { do: 'handle', head: head('A', 1, { place: 7 }) },
    ],
    [
      'is not one that waits for its next attempt',
      [head('A', 1, { nextAt: now + 5 }), head('B', 2)],
      [],
      { do: 'handle', head: head('B', 2) },
    ],
    [
      'comes when its time has come',
      [head('A', 1, { nextAt: now })],
      [],
      { do: 'handle', head: head('A', 1, { nextAt: now }) },
    ],
    [
      'is waited for until the soonest',
      [head('A', 1, { nextAt: now + 9 }), head('B', 2, { nextAt: now + 5 })],
      [],
      { do: 'wait', until: now + 5 },
    ],
    ['waits while as many are handled as may be', [head('A', 1)], [{ deaths: 0 }, { deaths: 0 }], { do: 'rest' }],
    [
      'over which workers have died waits until nothing else is handled',
      [head('A', 1, { deaths: 2 }), head('B', 2)],
      [{ deaths: 0 }],
      { do: 'rest' },
    ],
    [
      'over which workers have died is handled alone',
      [head('A', 1, { deaths: 2 })],
      [],
      { do: 'handle', head: head('A', 1, { deaths: 2 }) },
    ],
    ['waits while one is handled over which workers have died', [head('B', 2)], [{ deaths: 2 }], { do: 'rest' }],
    [
      'over which one worker has died is handled like others',
      [head('A', 1, { deaths: 1 })],
      [{ deaths: 1 }],
      { do: 'handle', head: head('A', 1, { deaths: 1 }) },
    ],
  ])('%s', (_name, heads, running, expected) => {
    expect(chooseNext(heads, running, limits, now)).toEqual(expected);
  });

  test('is always found where one may be begun, however the chats are ordered', () => {
    const anyHead = fc.record({
      t: fc.nat(50),
      place: fc.nat(50),
      deaths: fc.nat(2),
      nextAt: fc.option(fc.integer({ min: now - 9, max: now + 9 })),
    });
    fc.assert(
      fc.property(fc.array(anyHead), fc.array(fc.record({ deaths: fc.nat(2) }), { maxLength: 3 }), (parts, running) => {
        const heads = parts.map((part, index) => ({ id: `${index}`, chat: `${index}`, ...part }));
        const choice = chooseNext(heads, running, limits, now);
        const reversed = chooseNext([...heads].reverse(), running, limits, now);
        expect(reversed.do).toBe(choice.do);
        const isBlocked = running.length >= limits.concurrency || running.some(({ deaths }) => deaths === 2);
        const due = heads.filter(({ nextAt }) => nextAt === null || nextAt <= now);
        if (isBlocked) expect(choice.do).toBe('rest');
        else if (due.length === 0) expect(choice.do).toBe(heads.length === 0 ? 'rest' : 'wait');
        else if (running.length === 0) expect(choice.do).toBe('handle');
        if (choice.do === 'handle') {
          expect(due).toContainEqual(choice.head);
          expect(due.every(({ t }) => t >= choice.head.t)).toBe(true);
        }
      }),
    );
  });
});

test('a failure while WhatsApp was away parks no message, and is tried again like another', () => {
  const excused = afterFailure({ attempts: 3 }, 'the page is closed', limits, now, { isExcused: true });
  expect(excused).toMatchObject({ state: 'waiting', nextAt: now + 25_000 });
});

test('a pause that was begun before the clock was set back holds nobody up', () => {
  const pausing = (nextAt: number) => chooseNext([head('A', 1, { nextAt })], [], limits, now);
  expect(pausing(now + 300_000)).toEqual({ do: 'wait', until: now + 300_000 });
  expect(pausing(now + 300_001)).toMatchObject({ do: 'handle' });
});
