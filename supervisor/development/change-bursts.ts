/** Editors write a file in several steps, people save several files, and a checkout of another branch changes hundreds. */
const quietMs = 150;
/** Who never stops saving is served in between. */
const longestBurstMs = 2_000;

/** Changes that came close after each other. */
export interface Burst {
  /** In the order of their first change. */
  readonly files: readonly string[];
  readonly sinceMs: number;
  /** When it counts as over, unless more comes. */
  readonly overMs: number;
}

/** What a change makes of the burst that lasts, if one does. Pure. */
export function noteChange(burst: Burst | undefined, file: string, nowMs: number): Burst {
  const sinceMs = burst?.sinceMs ?? nowMs;
  const known = burst?.files ?? [];
  return {
    files: known.includes(file) ? known : [...known, file],
    sinceMs,
    overMs: Math.min(nowMs + quietMs, sinceMs + longestBurstMs),
  };
}

export interface BurstClock {
  now(): number;
  /** Returns what takes it back. */
  setTimer(callback: () => void, delayMs: number): () => void;
}

/** Gathers changes, and tells each burst when it is over. A change that comes later begins the next one, so none is forgotten. */
export class ChangeBursts {
  readonly #clock: BurstClock;
  readonly #onBurst: (files: readonly string[]) => void;
  #burst: Burst | undefined;
  #cancelTimer: () => void = () => undefined;

  constructor(clock: BurstClock, onBurst: (files: readonly string[]) => void) {
    this.#clock = clock;
    this.#onBurst = onBurst;
  }

  add(file: string): void {
    const now = this.#clock.now();
    const burst = noteChange(this.#burst, file, now);
    this.#burst = burst;
    this.#cancelTimer();
    this.#cancelTimer = this.#clock.setTimer(() => {
      this.#burst = undefined;
      this.#onBurst(burst.files);
    }, burst.overMs - now);
  }

  /** Nothing is told any more. */
  close(): void {
    this.#cancelTimer();
    this.#burst = undefined;
  }
}
