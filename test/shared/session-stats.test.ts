import { describe, expect, it } from 'vitest';

import type { StoredAttempt } from '../../shared/restore-metrics.js';
import type { SessionHistoryEntry } from '../../shared/session-history.js';
import { sessionStats, type SessionStats } from '../../shared/session-stats.js';
import { attempt } from '../support/attempt.js';

const number = '12025550100';
/** Seconds after a full hour. */
const at = (second: number): string => new Date(Date.UTC(2026, 10, 22, 16, 0, second)).toISOString();
const now = new Date(at(1_000));

function stored(change: Partial<StoredAttempt>): StoredAttempt {
  return { timestamp: at(0), ...attempt(), ...change };
}

const failed = (failureClass: StoredAttempt['class']): StoredAttempt =>
  stored({ outcome: 'failed', class: failureClass, durationMs: 9_999 });

describe('attempts', () => {
  it('that are none say so instead of a rate', () => {
    expect(sessionStats(number, [], [], now)).toEqual({
      number,
      attemptsSince: null,
      attempts: 0,
      succeeded: 0,
      failed: 0,
      successRate: null,
      durationsByRung: {},
      durationsByPhase: {},
      failuresByClass: {},
      healed: 0,
      messagesCaughtUp: 0,
      downtimeSince: null,
      losses: 0,
      downtimeMs: 0,
      downtimeByClassMs: {},
      isDown: false,
    });
  });

  it('are counted by outcome and class, since the oldest', () => {
    const attempts = [
      stored({ timestamp: at(5), healed: true, messagesCaughtUp: 2 }),
      failed('NETWORK'),
      failed('NETWORK'),
      failed('AUTH'),
      stored({ messagesCaughtUp: 3 }),
    ];
    expect(sessionStats(number, [], attempts, now)).toMatchObject({
      attemptsSince: at(5),
      attempts: 5,
      succeeded: 2,
      failed: 3,
      successRate: 0.4,
      failuresByClass: { NETWORK: 2, AUTH: 1 },
      healed: 1,
      messagesCaughtUp: 5,
    });
  });

  it('have their durations by rung, of those that succeeded alone', () => {
    const attempts = [
      stored({ durationMs: 300 }),
      stored({ durationMs: 100 }),
      stored({ durationMs: 200 }),
      stored({ rung: 'cold', durationMs: 900 }),
      failed('BUG'),
    ];
    expect(sessionStats(number, [], attempts, now).durationsByRung).toEqual({
      warm: { count: 3, p50Ms: 200, p95Ms: null, maxMs: 300 },
      cold: { count: 1, p50Ms: 900, p95Ms: null, maxMs: 900 },
    });
  });

  it('have a 95th percentile from twenty on', () => {
    const attempts = Array.from({ length: 20 }, (_, index) => stored({ durationMs: 100 * (20 - index) }));
    expect(sessionStats(number, [], attempts, now).durationsByRung).toEqual({
      warm: { count: 20, p50Ms: 1_000, p95Ms: 1_900, maxMs: 2_000 },
    });
  });

  it('have their steps in the order of the way, also those of attempts that failed later', () => {
    const attempts = [
      stored({ phases: { socket: 30, browser: 10 } }),
      stored({ outcome: 'failed', class: 'NETWORK', phases: { browser: 20 } }),
    ];
    const { durationsByPhase } = sessionStats(number, [], attempts, now);
    expect(Object.keys(durationsByPhase)).toEqual(['browser', 'socket']);
    expect(durationsByPhase.browser).toEqual({ count: 2, p50Ms: 10, p95Ms: null, maxMs: 20 });
  });
});

describe('downtime', () => {
  type Expected = Pick<SessionStats, 'losses' | 'downtimeMs' | 'downtimeByClassMs' | 'isDown'>;
  const event = (second: number, eventType: string, details = {}): SessionHistoryEntry => ({
    timestamp: at(second),
    eventType,
    ...details,
  });
  const down = (second: number, failureClass = 'NETWORK') => event(second, 'session_down', { class: failureClass });
  const up = (second: number) => event(second, 'session_up');
  const stopped = (second: number) => event(second, 'session_stopped');

  it.each<[string, SessionHistoryEntry[], Expected]>([
    [
      'is none where none was lost',
      [up(1), stopped(5)],
      { losses: 0, downtimeMs: 0, downtimeByClassMs: {}, isDown: false },
    ],
    [
      'is the time from each loss to when it listened again',
      [up(0), down(10), up(15), down(20, 'LOCAL'), up(21)],
      { losses: 2, downtimeMs: 6_000, downtimeByClassMs: { NETWORK: 5_000, LOCAL: 1_000 }, isDown: false },
    ],
    [
      'goes on up to now',
      [down(990)],
      { losses: 1, downtimeMs: 10_000, downtimeByClassMs: { NETWORK: 10_000 }, isDown: true },
    ],
    [
      'ends where it was asked to stop',
      [down(10), stopped(12), up(500)],
      { losses: 1, downtimeMs: 2_000, downtimeByClassMs: { NETWORK: 2_000 }, isDown: false },
    ],
    [
      'counts from the first of several losses in a row',
      [down(10), event(11, 'restore_auth_failed'), down(12, 'AUTH'), up(14)],
      { losses: 1, downtimeMs: 4_000, downtimeByClassMs: { NETWORK: 4_000 }, isDown: false },
    ],
    [
      'is never negative, whatever the clock does',
      [down(10), up(5)],
      { losses: 1, downtimeMs: 0, downtimeByClassMs: { NETWORK: 0 }, isDown: false },
    ],
    [
      'of a loss without a class is told as unknown',
      [event(1, 'session_down'), up(2)],
      { losses: 1, downtimeMs: 1_000, downtimeByClassMs: { unknown: 1_000 }, isDown: false },
    ],
  ])('%s', (_name, history, expected) => {
    expect(sessionStats(number, history, [], now)).toMatchObject({ ...expected, downtimeSince: history[0]?.timestamp });
  });
});
