import type { AttemptMetrics } from '../../shared/protocol/messages.js';

/** A restore that went well, with what a test wants otherwise. */
export function attempt(change: Partial<AttemptMetrics> = {}): AttemptMetrics {
  return {
    mode: 'restore',
    rung: 'warm',
    attempt: 1,
    outcome: 'listening',
    durationMs: 100,
    phases: {},
    failedPhase: null,
    class: null,
    reason: null,
    healed: false,
    messagesCaughtUp: 0,
    waVersion: null,
    ...change,
  };
}
