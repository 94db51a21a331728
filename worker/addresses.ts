import type { AddressPair } from './whatsapp/tell-addresses.js';

/** So many addresses are remembered; the page says them again with each message. */
const maxAddresses = 20_000;

/** A key: whose message, which chat, the id that its sender's client has made, and in a chat of many who has sent it. */
const keyPattern = /^(true|false)_([^_@]+@[a-z.]+)_(.+?)(?:_([^_@]+@[a-z.]+))?$/;
/** An author stands in the keys of these. */
const isOfMany = (chat: string): boolean => /@(g\.us|broadcast)$/.test(chat);

/**
 * The addresses that people have: a number (`…@c.us`) and a lid (`…@lid`). WhatsApp goes over from one to the other, for each chat at a time
 * of its own, and tells of one message under either.
 */
export class Addresses {
  readonly #others = new Map<string, string>();

  /** @returns those that were not known. */
  learn(pairs: readonly AddressPair[]): AddressPair[] {
    return pairs.filter(([lid, number]) => {
      const isKnown = this.#others.get(lid) === number && this.#others.get(number) === lid;
      if (!isKnown) this.#keep(lid, number);
      return !isKnown;
    });
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
    // A number may be given to somebody else, and a person may change theirs.
    for (const address of [lid, number]) {
      const before = this.#others.get(address);
      if (before !== undefined) this.#others.delete(before);
      this.#others.delete(address);
    }
    this.#others.set(lid, number).set(number, lid);
    for (const oldest of this.#others.keys()) {
      if (this.#others.size <= maxAddresses) break;
      const other = this.#others.get(oldest);
      this.#others.delete(oldest);
      if (other !== undefined) this.#others.delete(other);
    }
  }
}
