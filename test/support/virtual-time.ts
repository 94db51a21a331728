import type { ClockWorld } from '../../supervisor/fair-clock.js';

/**
 * An event loop in a time of its own. `stall` holds it up, as SIGSTOP does: timers wait, and what arrives waits to be read in
 * later turns.
 */
export class VirtualTime implements ClockWorld {
  #now = 0;
  #order = 0;
  #timers = new Set<{ at: number; order: number; callback: () => void }>();
  #immediates: (() => void)[] = [];
  #arrivals: { at: number; turn: number; hear: () => void }[] = [];
  #stalledUntil = 0;
  /** Timers that were set so far. */
  timersSet = 0;

  now(): number {
    return this.#now;
  }

  setTimer(callback: () => void, delayMs: number): () => void {
    this.timersSet += 1;
    const timer = { at: this.#now + Math.max(1, delayMs), order: (this.#order += 1), callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  afterTurn(callback: () => void): void {
    this.#immediates.push(callback);
  }

  get waitingTimers(): number {
    return this.#timers.size;
  }

  /** At that time something comes in. A loop that turns hears it at once, one that stood still as late as in so many turns. */
  arrive(at: number, hear: () => void, turn = 1): void {
    this.#arrivals.push({ at, turn, hear });
    this.#arrivals.sort((one, other) => one.at - other.at);
  }

  /** The loop stands still from now on. */
  stall(milliseconds: number): void {
    this.#stalledUntil = this.#now + milliseconds;
  }

  /** Lets everything happen until then. */
  runUntil(end: number): void {
    for (;;) {
      const nextTimer = Math.min(...[...this.#timers].map(({ at }) => at));
      const nextArrival = this.#arrivals[0]?.at ?? Infinity;
      const next = Math.max(this.#stalledUntil, Math.min(nextTimer, nextArrival), this.#now);
      if (next > end) break;
      this.#now = next;
      this.#turn();
    }
    this.#now = Math.max(this.#now, end);
  }

  /** Timers first, then what has arrived, then what waits for the end of the turn: as Node does it. */
  #turn(): void {
    let turn = 1;
    do {
      const due = [...this.#timers].filter(({ at }) => at <= this.#now);
      for (const timer of due.sort((one, other) => one.at - other.at || one.order - other.order)) {
        if (this.#timers.delete(timer)) timer.callback();
      }
      const current = turn;
      const heard = this.#arrivals.filter((arrival) => arrival.at <= this.#now && arrival.turn <= current);
      this.#arrivals = this.#arrivals.filter((arrival) => !heard.includes(arrival));
      for (const { hear } of heard) hear();
      for (const callback of this.#immediates.splice(0)) callback();
      turn += 1;
    } while (this.#immediates.length > 0 || this.#arrivals.some(({ at }) => at <= this.#now));
  }
}
