/**
 * Gives each chat its turn, one message at a time: however many wait in one chat, the first message of another waits for at most one of each.
 *
 * Start-time fair queueing in which each message costs the same. A chat that has had nothing to do joins at the turn that is going on.
 */
export class FairTurns {
  /** The newest turn in which a message was begun. */
  #current = 0;
  /** The turn of the next message, of chats that are ahead of {@link #current}. */
  readonly #next = new Map<string, number>();

  /** The turn in which a chat's next message is due: lower ones come first. */
  of(chat: string): number {
    return Math.max(this.#next.get(chat) ?? 0, this.#current);
  }

  /** A message of the chat is begun. */
  noteBegun(chat: string): void {
    const turn = this.of(chat);
    this.#next.set(chat, turn + 1);
    if (turn === this.#current) return;
    this.#current = turn;
    for (const [other, next] of this.#next) if (next <= turn) this.#next.delete(other);
  }

  /** How many chats are remembered: of those that have had nothing for two turns, none. */
  get size(): number {
    return this.#next.size;
  }
}
