import type { AttemptMetrics, WorkerPhase } from '../shared/protocol/messages.js';
import type { Effect, Failure } from './machine-types.js';

type Assign = Extract<Effect, { type: 'assign' }>;

/** The attempt that is going on. A worker reports its own; what a killed one was at is known only here. */
export class AttemptLog {
  readonly #onAttempt: (attempt: AttemptMetrics) => void;
  #current: { readonly assign: Assign; readonly startedAt: number; phase: WorkerPhase } | undefined;

  /** @param onAttempt called with each attempt that is over. */
  constructor(onAttempt: (attempt: AttemptMetrics) => void) {
    this.#onAttempt = onAttempt;
  }

  /** @param nowMs monotonic, as everywhere here. */
  begin(assign: Assign, nowMs: number): void {
    this.#current = { assign, startedAt: nowMs, phase: 'attaching' };
  }

  enter(phase: WorkerPhase): void {
    if (this.#current !== undefined) this.#current.phase = phase;
  }

  /** The worker's own report: of the attempt that is going on, or of one in place. */
  report(attempt: AttemptMetrics): void {
    if (attempt.rung !== 'in-place') this.#current = undefined;
    this.#onAttempt(attempt);
  }

  /** The worker is gone. @param failure what cut the attempt off; null when its end was asked for. */
  end(failure: Failure | null, nowMs: number): void {
    const attempt = this.#current;
    this.#current = undefined;
    if (attempt === undefined || failure === null) return;
    const { mode, rung, attempt: number } = attempt.assign;
    this.#onAttempt({
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
    });
  }
}
