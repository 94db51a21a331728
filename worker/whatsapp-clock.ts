/**
 * The time of WhatsApp's server: the clock of this machine may be wrong by days (no battery, no network yet), and messages are dated by the
 * server. Between two readings it goes on by a clock that nobody sets.
 */
export class WhatsAppClock {
  readonly #machine: () => number;
  readonly #steady: () => number;
  #reading: { readonly seconds: number; readonly at: number } | undefined;

  /**
   * @param machine milliseconds since 1970, of this machine.
   * @param steady milliseconds since whenever, of a clock that nobody sets.
   */
  constructor(machine: () => number = Date.now, steady: () => number = () => performance.now()) {
    this.#machine = machine;
    this.#steady = steady;
  }

  /** Whether WhatsApp has said its time; until then this machine's counts. */
  get isKnown(): boolean {
    return this.#reading !== undefined;
  }

  /** @param seconds since 1970, as WhatsApp Web has them now. */
  note(seconds: number): void {
    this.#reading = { seconds, at: this.#steady() };
  }

  /** Milliseconds since 1970. */
  now(): number {
    if (this.#reading === undefined) return this.#machine();
    return this.#reading.seconds * 1_000 + this.#steady() - this.#reading.at;
  }

  /** A stopwatch from now on. @returns how many seconds have gone by. */
  since(): () => number {
    const at = this.#steady();
    return () => (this.#steady() - at) / 1_000;
  }
}
