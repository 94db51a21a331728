import type { Output } from '../shared/logger.js';
import type { SessionPaths } from '../shared/paths.js';
import type { Assignment, WorkerPhase } from '../shared/protocol/messages.js';
import type { SupervisorConnection } from './supervisor-connection.js';

/** What the parts of one worker life share. */
export interface SessionContext {
  readonly assignment: Assignment;
  readonly paths: SessionPaths;
  readonly output: Output;
  readonly supervisor: SupervisorConnection;
  readonly timeline: Timeline;
}

/** Where this life is, and how long each of its phases has taken. */
export class Timeline {
  readonly #startedAt = performance.now();
  readonly #durations = new Map<WorkerPhase, number>();
  readonly #onPhase: (phase: WorkerPhase) => void;
  #phase: WorkerPhase = 'booting';
  #phaseStartedAt = this.#startedAt;

  constructor(onPhase: (phase: WorkerPhase) => void) {
    this.#onPhase = onPhase;
  }

  get phase(): WorkerPhase {
    return this.#phase;
  }

  enter(phase: WorkerPhase): void {
    if (phase === this.#phase) return;
    const now = performance.now();
    this.#durations.set(this.#phase, (this.#durations.get(this.#phase) ?? 0) + now - this.#phaseStartedAt);
    this.#phase = phase;
    this.#phaseStartedAt = now;
    this.#onPhase(phase);
  }

  /** Milliseconds since the account was assigned. */
  get elapsedMs(): number {
    return Math.round(performance.now() - this.#startedAt);
  }

  /** Milliseconds spent in each phase that is over. */
  get durationsMs(): Partial<Record<WorkerPhase, number>> {
    return Object.fromEntries([...this.#durations].map(([phase, duration]) => [phase, Math.round(duration)]));
  }
}
