import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Head } from '../../shared/inbox/inbox-message.js';
import {
  afterDeath,
  afterFailure,
  chooseNext,
  judgeDeath,
  maxDeaths,
  type Trial,
} from '../../worker/decide-handling.js';

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

describe('deaths', () => {
  const message = (place: number) => ({ place, deaths: 0, error: null as string | null });

  test('in a row over the same message have it handled again, and park it at the third', () => {
    let dying = message(7);
    let trial: Trial | undefined;
    const states = Array.from({ length: maxDeaths }, () => {
      trial = judgeDeath(trial, [dying]);
      const after = afterDeath(dying, 'page', trial, now);
      dying = { ...dying, ...after };
      return after.state;
    });
    expect(states).toEqual(['waiting', 'waiting', 'dead']);
    expect(dying.error).toBe('The page has gone 3 times while the bot was at this message and at nothing else');
  });

  test.each([
    ['at which nothing ran', []],
    ['at which something else ran', [message(8)]],
    ['at which other things ran beside it', [message(7), message(8)]],
  ])('begin anew after one %s', (_name, running) => {
    const trial = judgeDeath({ place: 7, deaths: 2 }, running);
    expect(trial?.place === 7 && trial.deaths > 0).toBe(false);
    expect(judgeDeath(trial, [message(7)])).toEqual({ place: 7, deaths: 1 });
  });

  test('have the message wait for as long as is asked for, five minutes at most', () => {
    expect(afterDeath(message(7), 'page', undefined, now, 20_000)).toMatchObject({
      state: 'waiting',
      nextAt: now + 20_000,
    });
    expect(afterDeath(message(7), 'page', undefined, now, 10 ** 9)).toMatchObject({ nextAt: now + 300_000 });
    expect(afterDeath(message(7), 'worker', undefined, now)).toMatchObject({ nextAt: null });
  });

  /** Each step something dies: by what a running message does, or by the weather. */
  test('park whatever brings them about, and nothing else, whatever dies beside that by accident', () => {
    const anyMessage = fc.record({ isCulprit: fc.boolean(), chat: fc.nat(3) });
    fc.assert(
      fc.property(
        fc.array(anyMessage, { minLength: 1, maxLength: 8 }),
        fc.infiniteStream(fc.boolean()),
        fc.nat(40),
        (kinds, weather, storm) => {
          const messages = kinds.map((kind, place) => {
            return {
              ...kind,
              place,
              id: `${place}`,
              t: place,
              nextAt: null,
              deaths: 0,
              error: null,
              state: 'waiting',
            };
          });
          let trial: Trial | undefined;
          const alone = new Map<number, number>();
          for (let step = 0; messages.some(({ state }) => state === 'waiting'); step += 1) {
            expect(step).toBeLessThan(200);
            // A life begins with as much as may be.
            const running: typeof messages = [];
            for (;;) {
              const heads = [0, 1, 2, 3]
                .filter((chat) => !running.some((other) => other.chat === chat))
                .map((chat) => messages.find((one) => one.chat === chat && one.state === 'waiting'))
                .filter((one) => one !== undefined)
                .map((one) => ({ ...one, chat: `${one.chat}` }));
              const choice = chooseNext(heads, running, { ...limits, concurrency: 3 }, now);
              if (choice.do !== 'handle') break;
              running.push(...messages.filter(({ id }) => id === choice.head.id));
            }
            const isStormy = step < storm && weather.next().value === true;
            const isDeath = isStormy || running.some(({ isCulprit }) => isCulprit);
            if (isDeath) trial = judgeDeath(trial, running);
            for (const one of running) {
              if (!isDeath) one.state = 'done';
              else Object.assign(one, afterDeath(one, 'worker', trial, now));
              if (isDeath && running.length === 1) alone.set(one.place, (alone.get(one.place) ?? 0) + 1);
            }
          }
          for (const { place, state, isCulprit, deaths } of messages) {
            if (isCulprit) expect(state).toBe('dead');
            if (state === 'dead' && !isCulprit) expect(alone.get(place) ?? 0).toBeGreaterThanOrEqual(maxDeaths);
            if (storm === 0) expect([isCulprit, state]).toEqual([isCulprit, isCulprit ? 'dead' : 'done']);
            // Beside others twice, then alone.
            if (storm === 0) expect(deaths).toBeLessThanOrEqual(maxDeaths + 2);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
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
