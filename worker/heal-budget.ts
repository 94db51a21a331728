/** A page that goes deaf again so often isn't cured by loading it anew. */
const maxHeals = 3;
const windowMs = 600_000;

/** Counts how often a page was healed: three times within ten minutes, then the worker has to be replaced. */
export class HealBudget {
  #heals: number[] = [];

  /** Whether another heal may be tried; if so it counts. */
  take(nowMs: number): boolean {
    this.#heals = this.#heals.filter((at) => nowMs - at < windowMs);
    if (this.#heals.length >= maxHeals) return false;
    this.#heals.push(nowMs);
    return true;
  }
}
