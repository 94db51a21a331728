export interface StartGateOptions {
  /** How many accounts may be on their way up at the same time. */
  readonly concurrency: number;
  /** The longest random pause before each further account, in ms. */
  readonly jitterMs: number;
  /** Between 0 and 1. */
  readonly random: () => number;
}

export interface EnterOptions {
  /** The higher one goes first; within one priority, whoever came first. */
  readonly priority?: number;
  /** Ends the wait. */
  readonly signal?: AbortSignal;
}

/** Gives the place back. Once more is harmless. */
export type LeaveGate = () => void;

/**
 * A real start takes 6 to 15 s. Who is inside for longer waits for a network, for a person or for its own next attempt, and
 * that costs the machine nothing which the others would have to wait for.
 */
const placeTimeoutMs = 60_000;

/**
 * Lets accounts come up a few at a time, so that many don't starve the machine. It is for starts of a browser: an account
 * whose browser lives doesn't wait here. An account that can't come up never keeps the others out.
 */
export class StartGate {
  readonly #random: () => number;
  /** In the order in which they will enter. */
  readonly #waiting: Waiting[] = [];
  readonly #inside = new Set<LeaveGate>();
  #concurrency: number;
  #jitterMs: number;
  /** The pause after somebody has entered. */
  #pause: NodeJS.Timeout | undefined;

  constructor({ concurrency, jitterMs, random }: StartGateOptions) {
    this.#concurrency = concurrency;
    this.#jitterMs = jitterMs;
    this.#random = random;
  }

  get inside(): number {
    return this.#inside.size;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Holds at once for who waits. When there are fewer places than are taken, nobody is thrown out. */
  configure({ concurrency, jitterMs }: Pick<StartGateOptions, 'concurrency' | 'jitterMs'>): void {
    this.#concurrency = concurrency;
    this.#jitterMs = jitterMs;
    this.#admit();
  }

  /**
   * Waits for a place, which is held until it is given back, for a minute at most.
   *
   * @returns what gives the place back; undefined when the signal ended the wait before there was one.
   */
  async enter({ priority = 0, signal }: EnterOptions = {}): Promise<LeaveGate | undefined> {
    if (signal?.aborted === true) return undefined;
    return new Promise((resolve) => {
      const giveUp = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        resolve(undefined);
      };
      const waiting: Waiting = {
        priority,
        enter: (leave) => {
          signal?.removeEventListener('abort', giveUp);
          resolve(leave);
        },
      };
      signal?.addEventListener('abort', giveUp, { once: true });
      const behind = this.#waiting.findIndex((other) => other.priority < priority);
      this.#waiting.splice(behind === -1 ? this.#waiting.length : behind, 0, waiting);
      this.#admit();
    });
  }

  #admit(): void {
    if (this.#pause !== undefined || this.#inside.size >= this.#concurrency) return;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    next.enter(this.#place());
    // Also when nobody else waits yet: who comes in the same moment is a further one.
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      this.#admit();
    }, this.#random() * this.#jitterMs).unref();
  }

  #place(): LeaveGate {
    const leave = (): void => {
      clearTimeout(timer);
      if (this.#inside.delete(leave)) this.#admit();
    };
    const timer = setTimeout(leave, placeTimeoutMs).unref();
    this.#inside.add(leave);
    return leave;
  }
}

interface Waiting {
  readonly priority: number;
  enter(leave: LeaveGate): void;
}
