import { setImmediate } from 'node:timers';

export interface TurnBudgetOptions {
  /** Milliseconds from any fixed moment. */
  readonly now?: () => number;
  /** Calls back in a later turn of the event loop. */
  readonly later?: (work: () => void) => void;
}

/** So many entries that were carried out may stay in the queue: moving the rest costs more than they do. */
const carriedOutKept = 1_000;

/**
 * Does work in its order, as much as fits into a few milliseconds of each turn of the event loop, and the rest in later turns: what else
 * waits in this process, above all the answers of the bot, goes on between. At once where nothing waits before it.
 */
export class TurnBudget<Work> {
  readonly #milliseconds: number;
  readonly #carryOut: (work: Work) => void;
  readonly #now: () => number;
  readonly #later: (work: () => void) => void;
  #queue: Work[] = [];
  /** Where the queue begins; what is before has been carried out. */
  #first = 0;
  #spentMs = 0;
  #isTurnNoted = false;
  #drained: (() => void)[] = [];

  constructor(milliseconds: number, carryOut: (work: Work) => void, options: TurnBudgetOptions = {}) {
    this.#milliseconds = milliseconds;
    this.#carryOut = carryOut;
    this.#now = options.now ?? (() => performance.now());
    this.#later = options.later ?? ((work) => void setImmediate(work));
  }

  add(...work: readonly Work[]): void {
    for (const each of work) this.#queue.push(each);
    this.#goOn();
  }

  /** Resolves when all that was added until now has been carried out. */
  async drained(): Promise<void> {
    if (this.#waiting === 0) return;
    await new Promise<void>((resolve) => this.#drained.push(resolve));
  }

  get #waiting(): number {
    return this.#queue.length - this.#first;
  }

  #goOn(): void {
    while (this.#waiting > 0 && this.#spentMs < this.#milliseconds) {
      const work = this.#queue[this.#first] as Work;
      this.#first += 1;
      const begun = this.#now();
      try {
        this.#carryOut(work);
      } finally {
        this.#spentMs += Math.max(0, this.#now() - begun);
        this.#noteTurn();
      }
    }
    // What was carried out is let go of also while more comes without a pause.
    if (this.#waiting === 0 || this.#first >= carriedOutKept) {
      this.#queue = this.#queue.slice(this.#first);
      this.#first = 0;
    }
    if (this.#waiting > 0) return;
    for (const resolve of this.#drained.splice(0)) resolve();
  }

  #noteTurn(): void {
    if (this.#isTurnNoted) return;
    this.#isTurnNoted = true;
    this.#later(() => {
      this.#isTurnNoted = false;
      this.#spentMs = 0;
      this.#goOn();
    });
  }
}
