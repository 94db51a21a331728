import { setImmediate as nextTurn } from 'node:timers/promises';

/** What a handler sends through its context: a part of its work, whether it waits for that or not. */
export class Answers<Sent> {
  #pending: { readonly sending: Promise<Sent>; readonly answer: Answer<Sent> }[] = [];
  #isOver = false;

  /** Sends one. What it throws at once is a rejection like any other. */
  give(send: () => Promise<Sent>): Promise<Sent> {
    const sending = new Promise<Sent>((resolve) => resolve(send()));
    const answer = new Answer<Sent>((resolve) => resolve(sending));
    // Of one that comes too late for that nobody hears: it ends as any promise does.
    if (!this.#isOver) answer.keepQuiet();
    this.#pending.push({ sending, answer });
    return answer;
  }

  /**
   * Resolves when all are sent.
   *
   * @throws what the first has failed with about which nobody asks: whoever does, decides what it means.
   */
  async sent(): Promise<void> {
    const failures: unknown[] = [];
    while (this.#pending.length > 0) {
      const pending = this.#pending;
      this.#pending = [];
      for (const { sending, answer } of pending) {
        await sending.catch((error: unknown) => {
          if (!answer.isAsked) failures.push(error);
        });
      }
      // Who has waited for these goes on, and may give another one.
      await nextTurn();
    }
    this.#isOver = true;
    if (failures.length > 0) throw failures[0];
  }
}

/** A promise that knows whether anybody has asked for its outcome. */
class Answer<Sent> extends Promise<Sent> {
  isAsked = false;

  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  /** Its rejection doesn't end the process, and that is not asking. */
  keepQuiet(): void {
    super.then(undefined, () => undefined);
  }

  override then<Result1 = Sent, Result2 = never>(
    onSent?: ((value: Sent) => Result1 | PromiseLike<Result1>) | null,
    onFailed?: ((reason: unknown) => Result2 | PromiseLike<Result2>) | null,
  ): Promise<Result1 | Result2> {
    this.isAsked = true;
    return super.then(onSent, onFailed);
  }
}
