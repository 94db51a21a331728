import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { type LeaveGate, StartGate } from '../../supervisor/start-gate.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Who has entered, in order, with what gives the place back; accounts whose wait was ended are noted as such. */
class Entrance {
  readonly entered: string[] = [];
  readonly gaveUp: string[] = [];
  readonly leave = new Map<string, LeaveGate>();
  readonly gate: StartGate;

  constructor(options: { concurrency: number; jitterMs?: number; random?: () => number }) {
    this.gate = new StartGate({ jitterMs: 0, random: () => 0.5, ...options });
  }

  come(name: string, options: Parameters<StartGate['enter']>[0] = {}): void {
    void this.gate.enter(options).then((leave) => {
      if (leave === undefined) {
        this.gaveUp.push(name);
        return;
      }
      this.entered.push(name);
      this.leave.set(name, leave);
    });
  }
}

const moment = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

describe('a gate', () => {
  it('lets in as many as it may, and the next one for each that leaves, in the order in which they came', async () => {
    const entrance = new Entrance({ concurrency: 2 });
    const { gate, entered, leave } = entrance;
    for (const name of ['a', 'b', 'c', 'd']) entrance.come(name);
    await vi.advanceTimersByTimeAsync(10);
    expect(entered).toEqual(['a', 'b']);
    leave.get('b')?.();
    await vi.advanceTimersByTimeAsync(10);
    expect(entered).toEqual(['a', 'b', 'c']);
    expect([gate.inside, gate.waiting]).toEqual([2, 1]);
  });

  it('lets the first in at once, and pauses before each further one', async () => {
    const entrance = new Entrance({ concurrency: 8, jitterMs: 200 });
    for (const name of ['a', 'b', 'c']) entrance.come(name);
    await moment();
    expect(entrance.entered).toEqual(['a']);
    await vi.advanceTimersByTimeAsync(99);
    expect(entrance.entered).toEqual(['a']);
    await vi.advanceTimersByTimeAsync(1);
    expect(entrance.entered).toEqual(['a', 'b']);
    await vi.advanceTimersByTimeAsync(100);
    expect(entrance.entered).toEqual(['a', 'b', 'c']);
  });

  it('lets one in at once that comes long after the last', async () => {
    const entrance = new Entrance({ concurrency: 8, jitterMs: 200 });
    entrance.come('a');
    await vi.advanceTimersByTimeAsync(1_000);
    entrance.come('b');
    await moment();
    expect(entrance.entered).toEqual(['a', 'b']);
  });

  it('takes a place back after a minute from an account that can’t come up', async () => {
    const entrance = new Entrance({ concurrency: 1 });
    for (const name of ['hopeless', 'a', 'b']) entrance.come(name);
    await vi.advanceTimersByTimeAsync(59_999);
    expect(entrance.entered).toEqual(['hopeless']);
    await vi.advanceTimersByTimeAsync(1);
    expect(entrance.entered).toEqual(['hopeless', 'a']);
    // Its late leave takes nobody else's place.
    entrance.leave.get('hopeless')?.();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(entrance.entered).toEqual(['hopeless', 'a']);
  });

  it('gives one place for leaving twice', async () => {
    const entrance = new Entrance({ concurrency: 1 });
    for (const name of ['a', 'b', 'c']) entrance.come(name);
    await moment();
    entrance.leave.get('a')?.();
    entrance.leave.get('a')?.();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(entrance.entered).toEqual(['a', 'b']);
  });

  it('lets a person’s wish go first, whoever is inside', async () => {
    const entrance = new Entrance({ concurrency: 1 });
    for (const name of ['a', 'b']) entrance.come(name);
    entrance.come('urgent', { priority: 1 });
    await moment();
    entrance.leave.get('a')?.();
    await vi.advanceTimersByTimeAsync(1);
    expect(entrance.entered).toEqual(['a', 'urgent']);
  });

  it('forgets whose wait is ended, before and while it waits', async () => {
    const entrance = new Entrance({ concurrency: 1 });
    const stop = new AbortController();
    entrance.come('a', { signal: stop.signal });
    entrance.come('b', { signal: stop.signal });
    entrance.come('c');
    await moment();
    stop.abort();
    entrance.come('late', { signal: stop.signal });
    await moment();
    expect(entrance.gaveUp.sort()).toEqual(['b', 'late']);
    expect(entrance.gate.inside).toBe(1);
    entrance.leave.get('a')?.();
    await vi.advanceTimersByTimeAsync(1);
    expect(entrance.entered).toEqual(['a', 'c']);
  });

  it('can get more places and fewer while it is in use', async () => {
    const entrance = new Entrance({ concurrency: 1 });
    for (const name of ['a', 'b', 'c', 'd']) entrance.come(name);
    await vi.advanceTimersByTimeAsync(1);
    entrance.gate.configure({ concurrency: 3, jitterMs: 0 });
    await vi.advanceTimersByTimeAsync(10);
    expect(entrance.entered).toEqual(['a', 'b', 'c']);
    entrance.gate.configure({ concurrency: 1, jitterMs: 0 });
    entrance.leave.get('a')?.();
    entrance.leave.get('b')?.();
    await vi.advanceTimersByTimeAsync(10);
    expect(entrance.entered).toEqual(['a', 'b', 'c']);
    entrance.leave.get('c')?.();
    await vi.advanceTimersByTimeAsync(10);
    expect(entrance.entered).toEqual(['a', 'b', 'c', 'd']);
  });

  it('has no timer left when everybody has left', async () => {
    const entrance = new Entrance({ concurrency: 2, jitterMs: 50 });
    for (const name of ['a', 'b', 'c']) entrance.come(name);
    for (const name of ['a', 'b', 'c']) {
      await vi.advanceTimersByTimeAsync(50);
      entrance.leave.get(name)?.();
    }
    await vi.advanceTimersByTimeAsync(50);
    expect(vi.getTimerCount()).toBe(0);
  });
});

it('whatever comes and goes: never too many inside, everybody enters or gives up, nobody overtakes', async () => {
  const anyAction = fc.oneof(
    { weight: 4, arbitrary: fc.constant({ type: 'come' as const }) },
    { weight: 3, arbitrary: fc.record({ type: fc.constant('leave' as const), who: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('abort' as const), who: fc.nat() }) },
    {
      weight: 1,
      arbitrary: fc.record({ type: fc.constant('places' as const), count: fc.integer({ min: 1, max: 5 }) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ type: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 70_000 }) }),
    },
  );
  const anyRandom = fc.double({ min: 0, max: 1, noNaN: true });
  const anyActions = fc.array(anyAction, { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 5 }), anyRandom, anyActions, async (places, random, actions) => {
      const entrance = new Entrance({ concurrency: places, jitterMs: 300, random: () => random });
      const stops: AbortController[] = [];
      let allowed = places;
      for (const action of actions) {
        const before = entrance.gate.inside;
        if (action.type === 'come') {
          const stop = new AbortController();
          entrance.come(String(stops.push(stop) - 1), { signal: stop.signal });
        } else if (action.type === 'leave') {
          entrance.leave.get(String(action.who % Math.max(1, stops.length)))?.();
        } else if (action.type === 'abort') stops[action.who % Math.max(1, stops.length)]?.abort();
        else if (action.type === 'wait') await vi.advanceTimersByTimeAsync(action.ms);
        else entrance.gate.configure({ concurrency: (allowed = action.count), jitterMs: 300 });
        await moment();
        expect(entrance.gate.inside).toBeLessThanOrEqual(Math.max(allowed, before));
      }
      // A minute and a pause for each that waits is enough, even if nobody ever leaves.
      await vi.advanceTimersByTimeAsync((stops.length + 1) * 61_000);
      const order = entrance.entered.map(Number);
      expect(order).toEqual([...order].sort((left, right) => left - right));
      expect(order.length + entrance.gaveUp.length).toBe(stops.length);
      expect([entrance.gate.inside, entrance.gate.waiting, vi.getTimerCount()]).toEqual([0, 0, 0]);
    }),
    { numRuns: 200 },
  );
});
