import type { Inbox } from '../shared/inbox/inbox.js';
import type { ArrivedMessage, InboxMessage } from '../shared/inbox/inbox-message.js';
import { Addresses, type AddressPair } from '../shared/inbox/addresses.js';
import type { MissedChat } from './whatsapp/read-missed.js';

export interface IdentityOptions {
  readonly inbox: Inbox;
  /** Whether a message of the chat is with its handler. */
  readonly isBusy: (chat: string) => boolean;
  /** Told of chats whose messages have moved from one to the other. */
  readonly onMoved: (chats: readonly string[]) => void;
}

/**
 * Which message and which chat something is that WhatsApp tells of: a message is its own id and its author, whichever address of the author
 * stands in the key; a chat is the person, under number or lid. The inbox knows each under the address that it was told of first, the chats
 * under the number where it is known.
 */
export class Identity {
  readonly #options: IdentityOptions;
  readonly #addresses = new Addresses((lid, number) => this.#changed.set(lid, number));
  /** Chats that are known under their other address, because a message of it was with its handler when both turned out to be one. */
  readonly #kept = new Map<string, string>();

  /** Numbers that the inbox has not been given yet, by lids; undefined for one to be forgotten. */
  readonly #changed = new Map<string, string | undefined>();

  constructor(options: IdentityOptions) {
    this.#options = options;
    this.#addresses.learn(options.inbox.addresses);
    this.#changed.clear();
  }

  /** Reads what is kept in the inbox, which was opened meanwhile. Chats that turn out to be one are to be gathered then. */
  recall(): void {
    for (const [lid, number] of this.#addresses.learnEarlier(this.#options.inbox.addresses)) {
      this.#choose(lid, number);
      this.#changed.delete(lid);
    }
  }

  /** The page has said people's addresses. What waits under both becomes one chat, in its order. */
  learn(pairs: readonly AddressPair[]): void {
    for (const [lid, number] of this.#addresses.learn(pairs)) this.#merge(lid, number);
  }

  /**
   * Writes down what was learnt: before the messages that came with it, each of which is known under its other address
   * from then on. Also to be called every now and then: not everything that says addresses is journaled.
   */
  keep(): void {
    this.#options.inbox.keepAddresses(this.#changed);
    this.#changed.clear();
  }

  /** The chat that the inbox has for an address. */
  chatOf(address: string): string {
    const other = this.#addresses.other(address);
    if (other === undefined) return address;
    return this.#kept.get(address) ?? (address.endsWith('@lid') ? other : address);
  }

  /** The same person's other address, if it is known. */
  other(address: string): string | undefined {
    return this.#addresses.other(address);
  }

  /** The other ids under which a message may be told of. */
  aliases(id: string): string[] {
    return this.#addresses.aliases(id);
  }

  /** Of messages that have come, those that neither came before them nor are known to the inbox under another id; in the chats that it has for them. */
  fresh(arrived: readonly ArrivedMessage[]): ArrivedMessage[] {
    this.keep();
    const told = new Set<string>();
    return arrived.flatMap((message) => {
      const aliases = this.aliases(message.id);
      if (aliases.some((alias) => told.has(alias) || this.#options.inbox.get(alias) !== undefined)) return [];
      told.add(message.id);
      return [{ ...message, chat: this.chatOf(message.chat) }];
    });
  }

  /**
   * What the page has listed, each chat once and each message once, with the ids that the inbox knows them by.
   *
   * @returns beside it which of these the inbox doesn't know. @throws what the inbox throws when it can't be read.
   */
  resolve(listed: readonly MissedChat[]): {
    readonly chats: readonly MissedChat[];
    readonly unknown: ReadonlySet<string>;
  } {
    this.learn(listed.flatMap(({ addresses = [] }) => addresses));
    this.keep();
    const told = listed.flatMap(({ messages }) => messages.map(({ id }) => id));
    const unknown = this.#options.inbox.unknown([...told, ...told.flatMap((id) => this.aliases(id))]);
    const seen = new Set<string>();
    const chats = new Map<string, MissedChat>();
    for (const { chat: address, messages, undecrypted, lacks } of listed) {
      const chat = this.chatOf(address);
      const before = chats.get(chat);
      const own = messages.flatMap(({ id, t }) => {
        const known = unknown.has(id) ? (this.aliases(id).find((alias) => !unknown.has(alias)) ?? id) : id;
        if (seen.has(known)) return [];
        for (const name of [known, id, ...this.aliases(id)]) seen.add(name);
        return [{ id: known, t }];
      });
      const all = [...(before?.messages ?? []), ...own];
      if (before !== undefined) all.sort((one, other) => one.t - other.t);
      chats.set(chat, {
        chat,
        messages: all,
        undecrypted: [...(before?.undecrypted ?? []), ...undecrypted],
        lacks: before?.lacks ?? lacks,
      });
    }
    return { chats: [...chats.values()], unknown };
  }

  /**
   * Whether a message that waits is one that the bot has been given under another id: which two addresses are one
   * person's was not known yet when it was told of a second time. One that a person has replayed is given to the bot
   * whatever was before; it has kept what it has failed with.
   */
  isToldTwice({ id, attempts, error }: Pick<InboxMessage, 'id' | 'attempts' | 'error'>): boolean {
    if (attempts === 0 && error !== null) return false;
    return this.aliases(id).some((alias) => {
      const other = this.#options.inbox.get(alias);
      if (other === undefined) return false;
      // One that is done without an attempt was told of twice itself, or noted as the account's own.
      if (attempts > 0) return other.state === 'done' && other.attempts > 0;
      return other.state !== 'waiting' || other.attempts > 0 || other.error !== null;
    });
  }

  #merge(lid: string, number: string): void {
    const { inbox, onMoved } = this.#options;
    const [kept, given] = this.#choose(lid, number);
    if (inbox.head(given) === undefined) return;
    inbox.moveChat(given, kept);
    onMoved([given, kept]);
  }

  /** Which of the two addresses the chat has, and which it has no more. */
  #choose(lid: string, number: string): readonly [kept: string, given: string] {
    const { isBusy } = this.#options;
    this.#kept.delete(lid);
    this.#kept.delete(number);
    if (!isBusy(lid) || isBusy(number)) return [number, lid];
    this.#kept.set(lid, lid).set(number, lid);
    return [lid, number];
  }
}
