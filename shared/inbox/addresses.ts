/** A person's two addresses. */
export type AddressPair = readonly [lid: string, number: string];

/** Of so many people, those learnt last; the page says them again with each message. */
const maxPairs = 10_000;

/** A key: whose message, which chat, the id that the sender's client has made, and the sender in a chat of many. */
const keyPattern = /^(true|false)_([^_@]+@[a-z.]+)_(.+?)(?:_([^_@]+@[a-z.]+))?$/;
/** An author stands in the keys of these. */
const isOfMany = (chat: string): boolean => /@(g\.us|broadcast)$/.test(chat);

/**
 * The addresses that people have: a number (`…@c.us`) and a lid (`…@lid`). WhatsApp goes over from one to the other, for
 * each chat at a time of its own, and tells of one message under either.
 */
export class Addresses {
  readonly #others = new Map<string, string>();
  readonly #onChange: (lid: string, number: string | undefined) => void;

  /** @param onChange told of each lid whose number is known now, or is not known any more. */
  constructor(onChange: (lid: string, number: string | undefined) => void = () => undefined) {
    this.#onChange = onChange;
  }

  /** @returns those that were not known. */
  learn(pairs: readonly AddressPair[]): AddressPair[] {
    return pairs.filter(([lid, number]) => {
      const isKnown = this.#others.get(lid) === number && this.#others.get(number) === lid;
      if (!isKnown) this.#keep(lid, number);
      return !isKnown;
    });
  }

  /**
   * Learns what was known before this: where it contradicts what is known now, that stays.
   *
   * @returns those that were not known.
   */
  learnEarlier(pairs: readonly AddressPair[]): AddressPair[] {
    return this.learn(pairs.filter((pair) => !pair.some((address) => this.#others.has(address))));
  }

  /** The same person's other address, if it is known. */
  other(address: string): string | undefined {
    return this.#others.get(address.replace(/:\d+@/, '@'));
  }

  /** The other ids under which the same message of the same author may be told of. */
  aliases(id: string): string[] {
    const [, own, chat, stanza, last] = keyPattern.exec(id) ?? [];
    if (own === undefined || chat === undefined || stanza === undefined) return [];
    const author = last !== undefined && isOfMany(chat) ? last : undefined;
    const rest = last === undefined || author !== undefined ? stanza : `${stanza}_${last}`;
    const chats = [chat, this.other(chat)].filter((text) => text !== undefined);
    const authors =
      author === undefined ? [undefined] : [author, this.other(author)].filter((text) => text !== undefined);
    return chats
      .flatMap((remote) =>
        authors.map((person) => [own, remote, rest, ...(person === undefined ? [] : [person])].join('_')),
      )
      .filter((text) => text !== id);
  }

  #keep(lid: string, number: string): void {
    // WhatsApp may give a number to another person, and a person may change theirs.
    for (const address of [lid, number]) this.#forget(address);
    this.#others.set(lid, number).set(number, lid);
    this.#onChange(lid, number);
    for (const oldest of this.#others.keys()) {
      if (this.#others.size <= 2 * maxPairs) break;
      this.#forget(oldest);
    }
  }

  #forget(address: string): void {
    const other = this.#others.get(address);
    if (other === undefined) return;
    this.#others.delete(address);
    this.#others.delete(other);
    this.#onChange(address.endsWith('@lid') ? address : other, undefined);
  }
}
