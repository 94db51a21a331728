/** A person who presses a key twice takes longer, and who hands a signal on, as npm does, is quicker. */
const samePressMs = 100;

/** Counts one press of Ctrl-C once: from a terminal it comes directly, and with some shells once more through npm. */
export class SignalPresses {
  readonly #onPress: (name: NodeJS.Signals) => void;
  #last: { readonly name: NodeJS.Signals; readonly atMs: number } | undefined;

  constructor(onPress: (name: NodeJS.Signals) => void) {
    this.#onPress = onPress;
  }

  add(name: NodeJS.Signals, nowMs: number): void {
    const isSame = this.#last?.name === name && nowMs - this.#last.atMs < samePressMs;
    this.#last = { name, atMs: nowMs };
    if (!isSame) this.#onPress(name);
  }
}
