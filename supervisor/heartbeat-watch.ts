/** Waits for a worker's next sign of life. Silence before the first one is another deadline's business. */
export class HeartbeatWatch {
  readonly #onMissed: (afterMs: number) => void;
  #timer: NodeJS.Timeout | undefined;

  /** @param onMissed called once for each silence, with its length in ms. */
  constructor(onMissed: (afterMs: number) => void) {
    this.#onMissed = onMissed;
  }

  /** Now there was one; the next has to come within so many ms. */
  expectWithin(timeoutMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#onMissed(timeoutMs), timeoutMs);
  }

  disarm(): void {
    clearTimeout(this.#timer);
  }
}
