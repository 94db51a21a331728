import { type Milestone, milestones, type WorkerPhase } from '../shared/protocol/messages.js';

/** Where a session is on its way to listening, and how long it took to reach each milestone of that way. */
export class Timeline {
  readonly #onPhase: (phase: WorkerPhase) => void;
  #startedAt = performance.now();
  /** The first milestone of this way, by its index; those before it were never lost. */
  #first = 0;
  /** When each milestone from the first on was reached. */
  #reachedAt: number[] = [];
  #phase: WorkerPhase = 'booting';

  constructor(onPhase: (phase: WorkerPhase) => void) {
    this.#onPhase = onPhase;
  }

  get phase(): WorkerPhase {
    return this.#phase;
  }

  enter(phase: WorkerPhase): void {
    if (phase === this.#phase) return;
    this.#phase = phase;
    this.#onPhase(phase);
  }

  /** The milestone and all before it are reached, whether they were seen or not. Reached once is reached. */
  reach(milestone: Milestone): void {
    const count = milestones.indexOf(milestone) + 1 - this.#first;
    const now = performance.now();
    while (this.#reachedAt.length < count) this.#reachedAt.push(now);
  }

  /** What comes after this milestone has to be reached once more. */
  fallBackTo(milestone: Milestone): void {
    this.#reachedAt.length = Math.min(
      this.#reachedAt.length,
      Math.max(0, milestones.indexOf(milestone) + 1 - this.#first),
    );
  }

  /** Begins anew, for a session that has listened and has lost everything after the milestone. */
  restart(phase: WorkerPhase, kept: Milestone): void {
    this.#startedAt = performance.now();
    this.#first = milestones.indexOf(kept) + 1;
    this.#reachedAt = [];
    this.enter(phase);
  }

  /** Milliseconds since the account was assigned, or since the session had to come up again. */
  get elapsedMs(): number {
    return Math.round(performance.now() - this.#startedAt);
  }

  /** Milliseconds that each milestone took after the one before; those that were not reached are missing. */
  get durationsMs(): Partial<Record<Milestone, number>> {
    const durations: Partial<Record<Milestone, number>> = {};
    let before = this.#startedAt;
    for (const [index, at] of this.#reachedAt.entries()) {
      const milestone = milestones[this.#first + index];
      if (milestone !== undefined) durations[milestone] = Math.round(at - before);
      before = at;
    }
    return durations;
  }
}
