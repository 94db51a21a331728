import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  type Breaker,
  closedBreaker,
  longestPauseMs,
  noteFailure,
  openForMs,
  pauseMs,
  tryAgain,
} from '../../supervisor/breaker.js';

const limits = { breakerFailures: 3, breakerWindowMs: 60_000, breakerPauseMs: 10_000 };
const start = 1_000_000;

function failAt(times: readonly number[], breaker: Breaker = closedBreaker): Breaker {
  return times.reduce((current, time) => noteFailure(current, limits, time), breaker);
}

describe('a closed breaker', () => {
  it('stays closed below the restart intensity', () => {
    expect(failAt([start, start + 1])).toMatchObject({ state: 'closed', trips: 0 });
  });

  it('opens with the last failure of the restart intensity, for the configured pause', () => {
    const breaker = failAt([start, start + 1, start + 2]);
    expect(breaker).toMatchObject({ state: 'open', trips: 1, until: start + 2 + 10_000 });
    expect(openForMs(breaker, limits, start + 2)).toBe(10_000);
    expect(openForMs(breaker, limits, start + 20_000)).toBe(0);
  });

  it('has forgotten failures that are further away than the window', () => {
    expect(failAt([start, start + 59_999, start + 60_000]).state).toBe('closed');
    expect(failAt([start, start + 59_998, start + 59_999]).state).toBe('open');
  });
});

describe('a breaker that has opened', () => {
  const open = failAt([start, start + 1, start + 2]);

  it('isn’t moved by what fails while it is open', () => {
    expect(failAt([start + 3, start + 4], open)).toBe(open);
  });

  it('puts one life on trial, whose failure opens it for twice as long', () => {
    const trial = tryAgain(open);
    expect(trial).toMatchObject({ state: 'half-open', trips: 1 });
    expect(openForMs(trial, limits, start)).toBe(0);
    expect(failAt([start + 20_000], trial)).toMatchObject({ state: 'open', trips: 2, until: start + 40_000 });
  });

  it('stays open for an hour at most, unless it is told to', () => {
    expect([1, 2, 3, 9, 10, 1_000].map((trips) => pauseMs(trips, limits))).toEqual([
      10_000,
      20_000,
      40_000,
      2_560_000,
      longestPauseMs,
      longestPauseMs,
    ]);
  });

  it('doesn’t stay open for longer because the clock was set back', () => {
    expect(openForMs(open, limits, 0)).toBe(10_000);
  });
});

it('opens exactly when so many failures lie within the window, whatever comes before', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 80_000 }), { maxLength: 40 }), (gaps) => {
      let now = start;
      let breaker = closedBreaker;
      const times: number[] = [];
      for (const gap of gaps) {
        now += gap;
        times.push(now);
        breaker = noteFailure(breaker, limits, now);
        const within = times.filter((time) => now - time < limits.breakerWindowMs).length;
        expect(breaker.state).toBe(within >= limits.breakerFailures ? 'open' : 'closed');
        if (breaker.state === 'open') return;
      }
    }),
  );
});
