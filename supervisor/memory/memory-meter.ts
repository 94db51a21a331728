import { readAnonymousBytes } from './read-process-memory.js';
import { readTreeMemory, type TreeMemory } from './read-tree-memory.js';

/** A look that is not exact takes for granted that the tree is the same; not for longer than so many looks. */
const looksPerMeasurement = 20;
/** Growth above which a look isn't trusted and the tree is measured. */
const growthToMeasure = 0.1;

/**
 * An account's memory, at a cost that can be paid every half minute: measuring a tree of Chromium takes 30 ms of the kernel's
 * time, 0.1 % of a processor for each account. So mostly it is only looked by how much the processes' own memory has grown
 * since the last measurement, which takes under a millisecond.
 */
export class MemoryMeter {
  #measured: (TreeMemory & { readonly roots: string }) | undefined;
  #looks = 0;

  /**
   * @param roots process ids of browser and worker.
   * @param exact measure in any case: something is about to be decided by it.
   * @returns PSS of their trees in bytes; undefined where it can't be measured.
   */
  async read(roots: readonly number[], exact = false): Promise<number | undefined> {
    return (exact ? undefined : this.#look(roots)) ?? (await this.#measure(roots));
  }

  #look(roots: readonly number[]): number | undefined {
    const measured = this.#measured;
    if (measured?.roots !== roots.join() || this.#looks >= looksPerMeasurement) return undefined;
    this.#looks += 1;
    let anonymousBytes = 0;
    for (const id of measured.processIds) {
      const bytes = readAnonymousBytes(id);
      // The tree is another one by now.
      if (bytes === undefined) return undefined;
      anonymousBytes += bytes;
    }
    const growth = anonymousBytes - measured.anonymousBytes;
    return growth > measured.bytes * growthToMeasure ? undefined : Math.max(0, measured.bytes + growth);
  }

  async #measure(roots: readonly number[]): Promise<number | undefined> {
    const measured = await readTreeMemory(roots);
    this.#measured = measured === undefined ? undefined : { ...measured, roots: roots.join() };
    this.#looks = 0;
    return measured?.bytes;
  }
}
