import type { AttemptMetrics, WorkerPhase } from '../shared/protocol/messages.js';
import type { Effect, Failure } from './machine-types.js';

type Assign = Extract<Effect, { type: 'assign' }>;

/** The attempt that is going on. A worker reports its own; what a killed one was at is known only here. */
export class AttemptLog {
  #attempt: { readonly assign: Assign; readonly startedAt: number; phase: WorkerPhase } | undefined;

  /** @param nowMs monotonic, as everywhere here. */
  begin(assign: Assign, nowMs: number): void {
    this.#attempt = { assign, startedAt: nowMs, phase: 'attaching' };
  }

  enter(phase: WorkerPhase): void {
    if (this.#attempt !== undefined) this.#attempt.phase = phase;
  }

  /** The worker has reported it. */
  close(): void {
    this.#attempt = undefined;
  }

  /** The attempt that a failure has cut off without a report; undefined when there was none. */
  cutOff(failure: Failure, nowMs: number): AttemptMetrics | undefined {
    const attempt = this.#attempt;
    this.#attempt = undefined;
    if (attempt === undefined) return undefined;
    const { mode, rung, attempt: number } = attempt.assign;
    return {
      mode,
      rung: mode === 'link' ? 'relink' : rung,
      attempt: number,
      outcome: 'failed',
      durationMs: Math.round(nowMs - attempt.startedAt),
      phases: {},
      failedPhase: attempt.phase,
      class: failure.class,
      reason: failure.reason,
      healed: false,
      messagesCaughtUp: 0,
      waVersion: null,
    };
  }
}
