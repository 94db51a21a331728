import type { WorkerPhase } from '../shared/protocol/messages.js';

/** Where a session is on its way to listening, and how long each phase of that way has taken. */
export class Timeline {
  #startedAt = performance.now();
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

  /** Begins anew, for a session that has listened and has to come up again. */
  restart(phase: WorkerPhase): void {
    this.#durations.clear();
    this.#startedAt = performance.now();
    this.#phaseStartedAt = this.#startedAt;
    if (phase === this.#phase) return;
    this.#phase = phase;
    this.#onPhase(phase);
  }

  /** Milliseconds since the account was assigned, or since the session had to come up again. */
  get elapsedMs(): number {
    return Math.round(performance.now() - this.#startedAt);
  }

  /** Milliseconds spent in each phase that is over. */
  get durationsMs(): Partial<Record<WorkerPhase, number>> {
    return Object.fromEntries([...this.#durations].map(([phase, duration]) => [phase, Math.round(duration)]));
  }
}
