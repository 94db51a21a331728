import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { Timeline } from '../../worker/timeline.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('adds up how long each phase has taken, and tells of each new one', () => {
  const told: string[] = [];
  const timeline = new Timeline((phase) => told.push(phase));
  vi.advanceTimersByTime(100);
  timeline.enter('connecting');
  vi.advanceTimersByTime(20);
  timeline.enter('connecting');
  timeline.enter('syncing');
  vi.advanceTimersByTime(3);
  timeline.enter('listening');
  expect(told).toEqual(['connecting', 'syncing', 'listening']);
  expect(timeline.durationsMs).toEqual({ booting: 100, connecting: 20, syncing: 3 });
  expect(timeline.elapsedMs).toBe(123);
});

it('begins anew when a session that has listened comes up again', () => {
  const told: string[] = [];
  const timeline = new Timeline((phase) => told.push(phase));
  vi.advanceTimersByTime(500);
  timeline.enter('listening');
  vi.advanceTimersByTime(3_600_000);
  timeline.restart('connecting');
  vi.advanceTimersByTime(70);
  timeline.enter('listening');
  expect(timeline.elapsedMs).toBe(70);
  expect(timeline.durationsMs).toEqual({ connecting: 70 });
  expect(told).toEqual(['listening', 'connecting', 'listening']);
});
