import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { FairClock } from '../../supervisor/fair-clock.js';
import { HeartbeatWatch } from '../../supervisor/heartbeat-watch.js';
import { VirtualTime } from '../support/virtual-time.js';

/** A twentieth of the timeout, at least 15 ms, at most 250 ms. */
const tickOf = (timeoutMs: number): number => Math.min(250, Math.max(15, Math.round(timeoutMs / 20)));

describe('silence', () => {
  it.each([300, 1_000, 10_000, 600_000])('of %d ms is noticed within a tick, once', (timeoutMs) => {
    const { time, watch, missed } = watching();
    watch.expectWithin(timeoutMs);
    time.runUntil(timeoutMs - 1);
    expect(missed).toEqual([]);
    time.runUntil(timeoutMs + tickOf(timeoutMs));
    time.runUntil(10 * timeoutMs);
    expect(missed).toEqual([timeoutMs]);
  });

  it('is none while there are beats, nor after it is no longer expected to end', () => {
    const { time, watch, missed } = watching();
    for (let at = 0; at < 60_000; at += 2_000) {
      watch.expectWithin(10_000);
      time.runUntil(at);
    }
    watch.disarm();
    time.runUntil(600_000);
    expect(missed).toEqual([]);
  });

  it.each([
    ['stood still in the middle of it', 5_000, 15_000],
    ['stood still just before its end', 9_999, 60_000],
    ['was suspended for a day', 1, 86_400_000],
  ])('doesn’t count while this process %s', (_, from, stallMs) => {
    const { time, watch, missed } = watching();
    watch.expectWithin(10_000);
    time.runUntil(from);
    time.stall(stallMs);
    time.runUntil(10_000 + stallMs - tickOf(10_000) - 1);
    expect(missed).toEqual([]);
    time.runUntil(10_000 + stallMs + tickOf(10_000));
    expect(missed).toEqual([10_000]);
  });

  it('is none when the beat has arrived and has only not been read, however the turns go', () => {
    for (let turn = 1; turn <= 9; turn += 1) {
      const { time, watch, missed } = watching();
      watch.expectWithin(1_000);
      time.runUntil(999);
      time.arrive(1_000, () => watch.expectWithin(1_000), turn);
      time.stall(5_000);
      time.runUntil(6_500);
      expect(missed).toEqual([]);
    }
  });
});

describe('the ticker', () => {
  it('is one for any number of deadlines, and rests while there are none', () => {
    const time = new VirtualTime();
    const clock = new FairClock(time);
    const alarms = Array.from({ length: 64 }, () => clock.after(10_000, () => undefined));
    expect(time.waitingTimers).toBe(1);
    time.runUntil(1_000);
    expect(time.waitingTimers).toBe(1);
    expect(time.timersSet).toBe(5);
    for (const alarm of alarms) alarm.cancel();
    time.runUntil(60_000);
    expect(time.waitingTimers).toBe(0);
    expect(time.timersSet).toBe(5);
  });

  it('is as fine as the shortest deadline needs it, and no finer afterwards', () => {
    const time = new VirtualTime();
    const clock = new FairClock(time);
    const heard: number[] = [];
    clock.after(60_000, () => heard.push(60_000));
    time.runUntil(10);
    clock.after(300, () => heard.push(300));
    time.runUntil(310 + tickOf(300));
    expect(heard).toEqual([300]);
    const before = time.timersSet;
    time.runUntil(10_325);
    expect(time.timersSet - before).toBe(40);
    time.runUntil(60_000 + 250);
    expect(heard).toEqual([300, 60_000]);
  });
});

/** What happens to a watched process and to the one that watches, one after another: ms until then, and what. */
const happenings = fc.array(
  fc.record({
    afterMs: fc.integer({ min: 0, max: 3_000 }),
    stallMs: fc.option(fc.integer({ min: 1, max: 30_000 }), { nil: 0 }),
    beats: fc.boolean(),
    turn: fc.integer({ min: 1, max: 9 }),
  }),
  { maxLength: 40 },
);

it('judges any interleaving of beats and stalls fairly', () => {
  fc.assert(
    fc.property(happenings, fc.constantFrom(300, 1_000, 2_500), (steps, timeoutMs) => {
      const { time, watch, missed } = watching();
      const tick = tickOf(timeoutMs);
      watch.expectWithin(timeoutMs);
      // Since the newest beat was sent: the whole time, and what of it the watching process stood still.
      let silentMs = 0;
      let stalledMs = 0;
      let stalls = 0;
      for (const { afterMs, stallMs, beats, turn } of steps) {
        const before = missed.length;
        const begin = time.now();
        time.runUntil(begin + afterMs);
        time.stall(stallMs);
        const sent = begin + afterMs + stallMs;
        // It is sent at the last moment of the stall, and read after that.
        if (beats) time.arrive(sent, () => watch.expectWithin(timeoutMs), stallMs > 0 ? turn : 1);
        time.runUntil(sent);
        silentMs += afterMs + stallMs;
        stalledMs += stallMs;
        if (stallMs > 0) stalls += 1;
        const fairMs = silentMs - stalledMs;
        if (missed.length > before) {
          // A stall may count as one tick, and a beat was heard at the earliest when it was sent.
          expect(fairMs + stalls * tick).toBeGreaterThanOrEqual(timeoutMs);
          return;
        }
        expect(fairMs).toBeLessThanOrEqual(timeoutMs + tick);
        if (beats) silentMs = stalledMs = stalls = 0;
      }
      const left = Math.max(0, timeoutMs - (silentMs - stalledMs));
      time.runUntil(time.now() + left + tick);
      expect(missed).toEqual([timeoutMs]);
    }),
    { numRuns: 500 },
  );
});

function watching(): { time: VirtualTime; watch: HeartbeatWatch; missed: number[] } {
  const time = new VirtualTime();
  const missed: number[] = [];
  return { time, watch: new HeartbeatWatch((afterMs) => missed.push(afterMs), new FairClock(time)), missed };
}
