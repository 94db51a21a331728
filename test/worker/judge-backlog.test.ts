import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { explainBacklog, inTime, isBehind, type Lateness, lateMs, noteArrival } from '../../worker/judge-backlog.js';

it('begins beyond the limit, and ends at half of it, so that the account doesn’t go up and down at the limit', () => {
  expect([0, 9_999, 10_000, 10_001].map((ms) => isBehind(ms, 10_000, false))).toEqual([false, false, false, true]);
  expect([10_000, 5_001, 5_000, 0].map((ms) => isBehind(ms, 10_000, true))).toEqual([true, true, false, false]);
});

describe('messages that come late', () => {
  const limitMs = 10_000;
  const arrive = (ages: readonly number[], before = inTime): Lateness =>
    ages.reduce((lateness, age, index) => noteArrival(lateness, age, limitMs, index), before);

  it('are a backlog once ten have come so in a row, until one comes in time or none for five seconds', () => {
    const nine = arrive(Array<number>(9).fill(15_000));
    expect(lateMs(nine, 9)).toBe(0);
    const ten = noteArrival(nine, 12_000, limitMs, 9);
    expect(lateMs(ten, 9)).toBe(12_000);
    expect([5_009, 5_010].map((now) => lateMs(ten, now))).toEqual([12_000, 0]);
    expect(lateMs(noteArrival(ten, limitMs, limitMs, 10), 10)).toBe(0);
  });

  it('are none while any of the last ten came in time', () => {
    const ages = fc.array(fc.integer({ min: -5_000, max: 60_000 }), { maxLength: 40 });
    fc.assert(
      fc.property(ages, (all) => {
        const isLate = all.length >= 10 && all.slice(-10).every((age) => age > limitMs);
        expect(lateMs(arrive(all), all.length)).toBe(isLate ? all.at(-1) : 0);
      }),
    );
  });

  it('are told of as what they are: more handlers side by side would help nothing', () => {
    const [arrival, handlers] = [explainBacklog('arrival', limitMs), explainBacklog('handlers', limitMs)];
    expect(arrival.join()).toMatch(/after they were written.*CPU/u);
    expect(arrival.join()).not.toMatch(/WASUP_HANDLER_CONCURRENCY/u);
    expect(handlers.join()).toMatch(/for the bot.*WASUP_HANDLER_CONCURRENCY/u);
  });
});
