import type { Account } from './account.js';

/** A person needs a moment to say "Use here" again. */
const takeBackAfterMs = 500;

/**
 * Somebody who has opened the same link elsewhere, with a copy of the profile. The pages of this sandbox learn of it by
 * CONFLICT alone; what is sent to the account waits for them.
 */
export class Elsewhere {
  #takeovers = 0;
  #closed = false;
  #takeBackTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly account: Account,
    /** Takes the link back each time. */
    private readonly stubborn: boolean,
  ) {
    this.#take();
  }

  /** How often a page has taken the link from here. */
  get takeovers(): number {
    return this.#takeovers;
  }

  /** A page has logged in: who logs in last has the link. */
  thrownOut(): void {
    if (this.#closed) return;
    this.#takeovers += 1;
    if (this.stubborn) this.#takeBackTimer ??= setTimeout(() => this.#take(), takeBackAfterMs).unref();
    else this.close();
  }

  /** Lets the link be. A page that is in CONFLICT stays there until it takes over. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#takeBackTimer);
  }

  #take(): void {
    this.#takeBackTimer = undefined;
    for (const { connection } of this.account.devices.values()) connection?.replace();
  }
}
