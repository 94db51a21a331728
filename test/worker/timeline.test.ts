import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { Timeline } from '../../worker/timeline.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('tells of each new phase, once', () => {
  const told: string[] = [];
  const timeline = new Timeline((phase) => told.push(phase));
  timeline.enter('connecting');
  timeline.enter('connecting');
  timeline.enter('syncing');
  expect(told).toEqual(['connecting', 'syncing']);
  expect(timeline.phase).toBe('syncing');
});

it('says how long each milestone took after the one before, those that were reached in one step included', () => {
  const timeline = new Timeline(() => undefined);
  vi.advanceTimersByTime(100);
  timeline.reach('browser');
  vi.advanceTimersByTime(20);
  timeline.reach('socket');
  vi.advanceTimersByTime(3);
  timeline.reach('socket');
  timeline.reach('page');
  timeline.reach('authenticated');
  vi.advanceTimersByTime(500);
  expect(timeline.durationsMs).toEqual({ browser: 100, page: 20, debug: 0, socket: 0, authenticated: 3 });
  expect(timeline.elapsedMs).toBe(623);
});

it('counts the way that a reload has cost to the milestones that are reached once more', () => {
  const timeline = new Timeline(() => undefined);
  timeline.reach('page');
  vi.advanceTimersByTime(1_000);
  timeline.reach('synced');
  timeline.fallBackTo('page');
  timeline.fallBackTo('verified');
  expect(timeline.durationsMs).toEqual({ browser: 0, page: 0 });
  vi.advanceTimersByTime(50);
  timeline.reach('debug');
  expect(timeline.durationsMs).toEqual({ browser: 0, page: 0, debug: 1_050 });
});

it('begins anew when a session that has listened comes up again, without what was never lost', () => {
  const told: string[] = [];
  const timeline = new Timeline((phase) => told.push(phase));
  vi.advanceTimersByTime(500);
  timeline.reach('caughtUp');
  timeline.enter('listening');
  vi.advanceTimersByTime(3_600_000);
  timeline.restart('starting', 'page');
  vi.advanceTimersByTime(70);
  timeline.reach('page');
  timeline.reach('debug');
  timeline.enter('listening');
  expect(timeline.elapsedMs).toBe(70);
  expect(timeline.durationsMs).toEqual({ debug: 70 });
  expect(told).toEqual(['listening', 'starting', 'listening']);
});
