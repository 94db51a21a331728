/** Numbers between 0 and 1 that a seed repeats (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

interface Appointment {
  readonly atMs: number;
  /** In one moment, who came first goes first. */
  readonly order: number;
  readonly happen: () => void;
}

/** A clock that stands still until it is told to go on to the next appointment. */
export class SimulatedTime {
  nowMs = 1_000_000;
  #order = 0;
  readonly #appointments = new Set<Appointment>();

  in(delayMs: number, happen: () => void): Appointment {
    const appointment = { atMs: this.nowMs + Math.max(0, delayMs), order: (this.#order += 1), happen };
    this.#appointments.add(appointment);
    return appointment;
  }

  cancel(appointment: unknown): void {
    this.#appointments.delete(appointment as Appointment);
  }

  /** Goes on to the next appointment that lies within the time. Returns whether there was one. */
  step(untilMs: number): boolean {
    let next: Appointment | undefined;
    for (const candidate of this.#appointments) {
      const isEarlier =
        next === undefined ||
        candidate.atMs < next.atMs ||
        (candidate.atMs === next.atMs && candidate.order < next.order);
      if (isEarlier) next = candidate;
    }
    if (next === undefined || next.atMs > untilMs) return false;
    this.#appointments.delete(next);
    this.nowMs = next.atMs;
    next.happen();
    return true;
  }

  goOnUntil(untilMs: number): void {
    while (this.step(untilMs));
    this.nowMs = Math.max(this.nowMs, untilMs);
  }
}
