import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  divideBrowserStop,
  divideStopTime,
  longestBrowserStopMs,
  longestStopMs,
} from '../../supervisor/stop-budget.js';

const total = fc.integer({ min: 100, max: 40_000 });

describe('the time for a stop', () => {
  it('of 20 s is divided so that a bot has 6 s to finish, and a browser 5.75 s to leave by itself', () => {
    expect(divideStopTime(20_000)).toEqual({
      worker: { askMs: 6_000, terminateMs: 1_000, killMs: 1_000 },
      browserMs: 11_500,
    });
    expect(divideBrowserStop(11_500)).toEqual({ closeMs: 5_750, terminateMs: 2_875, killMs: 1_000, sweepMs: 1_875 });
    expect(longestStopMs(20_000)).toBe(19_500);
  });

  it('is enough for every step of the worst case, worker and browser one after the other', () => {
    fc.assert(
      fc.property(total, (totalMs) => {
        expect(longestStopMs(totalMs)).toBeLessThanOrEqual(totalMs >= 3_000 ? totalMs : totalMs + 1_000);
      }),
    );
  });

  it('leaves every step some, and enough to kill and to look', () => {
    fc.assert(
      fc.property(total, (totalMs) => {
        const { worker, browserMs } = divideStopTime(totalMs);
        const browser = divideBrowserStop(browserMs);
        for (const ms of [worker.askMs, worker.terminateMs, browserMs, browser.closeMs, browser.terminateMs]) {
          expect(ms).toBeGreaterThan(0);
        }
        expect(worker.killMs).toBeGreaterThanOrEqual(250);
        expect(browser.killMs).toBeGreaterThanOrEqual(250);
        expect(browser.sweepMs).toBeGreaterThanOrEqual(500);
      }),
    );
  });

  it('of nothing asks nobody', () => {
    expect(divideBrowserStop(0)).toEqual({ closeMs: 0, terminateMs: 0, killMs: 250, sweepMs: 500 });
    expect(longestBrowserStopMs(0)).toBe(750);
  });
});
