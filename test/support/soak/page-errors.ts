/**
 * Errors of the sandbox's page in the order in which they came. Those that came between {@link expectFrom} and {@link expectUntil} are
 * expected: the disk was full, and the page could store nothing.
 */
export class PageErrors {
  readonly #count: () => number;
  /** Each with the index of its first error, and the one behind its last; Infinity while it lasts. */
  readonly #expected: { readonly from: number; to: number }[] = [];

  /** @param count how many there are so far. */
  constructor(count: () => number) {
    this.#count = count;
  }

  expectFrom(): void {
    if (this.#expected.at(-1)?.to !== Infinity) this.#expected.push({ from: this.#count(), to: Infinity });
  }

  expectUntil(): void {
    const last = this.#expected.at(-1);
    if (last?.to === Infinity) last.to = this.#count();
  }

  unexpected(all: readonly string[]): string[] {
    return all.filter((_, index) => !this.#expected.some(({ from, to }) => index >= from && index < to));
  }
}
