import type { InboxMessage } from './inbox-message.js';

/**
 * How much may wait in memory, in characters with what a row takes beside them: then nothing more is to be taken in. What
 * has been handled takes little of it, so that a bot that answers goes on for some 50,000 messages without a disk.
 */
export const maxUnsavedSize = 32_000_000;

/** What a row takes in memory beside its texts. */
const rowSize = 500;

/** How much of {@link maxUnsavedSize} a message takes. */
export function sizeInMemory({ id, chat, raw }: Pick<InboxMessage, 'id' | 'chat' | 'raw'>): number {
  return rowSize + id.length + chat.length + (raw?.length ?? 0);
}

/**
 * What has to be written to the file and couldn't be yet, as the file is to have it: where a message or a fact is here, what the file says
 * of it is out of date.
 */
export class Unsaved {
  readonly #messages = new Map<string, InboxMessage>();
  readonly #chats = new Map<string, Map<string, InboxMessage>>();
  /** Those of which it isn't known whether the file has them. */
  readonly #unchecked = new Set<string>();
  readonly #facts = new Map<string, number | undefined>();
  #size = 0;

  get isEmpty(): boolean {
    return this.#messages.size === 0 && this.#facts.size === 0;
  }

  get count(): number {
    return this.#messages.size;
  }

  /** See {@link sizeInMemory}. */
  get size(): number {
    return this.#size;
  }

  /** So many of them, the oldest first. */
  first(count: number): readonly InboxMessage[] {
    const first: InboxMessage[] = [];
    for (const message of this.#messages.values()) {
      if (first.length === count) break;
      first.push(message);
    }
    return first;
  }

  get messages(): readonly InboxMessage[] {
    return [...this.#messages.values()];
  }

  get chats(): readonly string[] {
    return [...this.#chats.keys()];
  }

  ofChat(chat: string): readonly InboxMessage[] {
    return [...(this.#chats.get(chat)?.values() ?? [])];
  }

  has(id: string): boolean {
    return this.#messages.has(id);
  }

  get(id: string): InboxMessage | undefined {
    return this.#messages.get(id);
  }

  keep(message: InboxMessage): void {
    const earlier = this.#messages.get(message.id);
    this.#size += sizeInMemory(message) - (earlier === undefined ? 0 : sizeInMemory(earlier));
    if (earlier !== undefined && earlier.chat !== message.chat) this.#leave(earlier);
    this.#messages.set(message.id, message);
    let chat = this.#chats.get(message.chat);
    if (chat === undefined) this.#chats.set(message.chat, (chat = new Map<string, InboxMessage>()));
    chat.set(message.id, message);
  }

  /** Keeps a message as one of another chat. */
  move(message: InboxMessage, chat: string): void {
    this.keep({ ...message, chat });
  }

  /** Keeps a message that has come while the file can't be asked for it. */
  keepUnchecked(message: InboxMessage): void {
    this.#unchecked.add(message.id);
    this.keep(message);
  }

  /** Those that came while the file could not be asked. */
  get unchecked(): readonly string[] {
    return [...this.#unchecked];
  }

  /** The file, which can be asked again, has these of the {@link unchecked} ones, and no others: they came a second time. */
  check(known: readonly Pick<InboxMessage, 'id' | 'state'>[]): void {
    for (const row of known) if (this.#isOutdone(row)) this.#drop(row.id);
    this.#unchecked.clear();
  }

  /** Keeps what was read of a file that can't be used any more, except where something newer is here. */
  keepFound(
    messages: readonly InboxMessage[],
    facts: readonly { readonly name: string; readonly value: number }[],
  ): void {
    for (const message of messages) {
      if (!this.has(message.id) || this.#isOutdone(message)) this.keep(message);
      this.#unchecked.delete(message.id);
    }
    for (const { name, value } of facts) if (!this.#facts.has(name)) this.#facts.set(name, value);
  }

  /** Moves all of them behind what turns out to have come before. */
  moveBehind(place: number): void {
    for (const message of this.messages) this.keep({ ...message, place: message.place + place });
  }

  get facts(): readonly (readonly [name: string, value: number | undefined])[] {
    return [...this.#facts];
  }

  hasFact(name: string): boolean {
    return this.#facts.has(name);
  }

  fact(name: string): number | undefined {
    return this.#facts.get(name);
  }

  /** @param value undefined for one that is to be forgotten. */
  keepFact(name: string, value: number | undefined): void {
    this.#facts.set(name, value);
  }

  /** The file has these. */
  drop(messages: readonly InboxMessage[]): void {
    for (const { id } of messages) this.#drop(id);
  }

  dropFacts(): void {
    this.#facts.clear();
  }

  /** Puts a message behind the others that are to be written. */
  postpone(message: InboxMessage): void {
    this.#messages.delete(message.id);
    this.#messages.set(message.id, message);
  }

  /** Whether a message came a second time here: nobody has begun with it, or it needs no handling any more. */
  #isOutdone({ id, state }: Pick<InboxMessage, 'id' | 'state'>): boolean {
    const here = this.#unchecked.has(id) ? this.#messages.get(id) : undefined;
    if (here === undefined || here.state === 'done') return false;
    return state === 'done' || (here.state === 'waiting' && here.attempts === 0);
  }

  #drop(id: string): void {
    const message = this.#messages.get(id);
    if (message === undefined) return;
    this.#size -= sizeInMemory(message);
    this.#messages.delete(id);
    this.#unchecked.delete(id);
    this.#leave(message);
  }

  /** It is none of its chat any more. */
  #leave({ id, chat }: InboxMessage): void {
    const others = this.#chats.get(chat);
    others?.delete(id);
    if (others?.size === 0) this.#chats.delete(chat);
  }
}
