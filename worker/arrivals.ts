import { setImmediate as nextTurn } from 'node:timers/promises';

import { describeError } from '../shared/errors.js';
import type { Inbox } from '../shared/inbox/inbox.js';
import type { ArrivedMessage } from '../shared/inbox/inbox-message.js';
import { maxUnsavedSize, sizeInMemory } from '../shared/inbox/unsaved.js';

export interface ArrivalsOptions {
  readonly inbox: Pick<Inbox, 'addAll' | 'fault' | 'isFull'>;
  /** Those that are new, in the chats that the inbox has for them. */
  readonly fresh: (arrived: readonly ArrivedMessage[]) => readonly ArrivedMessage[];
  /** Called for each chat in which something waits now. */
  readonly onChat: (chat: string) => void;
  /** Called with each change of {@link Arrivals.fault}. */
  readonly onFault: (fault: ArrivalFault | undefined) => void;
}

/** Why what comes can't be taken in as it should. It is kept in memory meanwhile. */
export interface ArrivalFault {
  /** What adding to the inbox has thrown; undefined where that is a trouble of the disk, which the inbox tells of. */
  readonly error: unknown;
  /** Whether messages are held here, of which the inbox knows nothing. */
  readonly isHeld: boolean;
  /** Whether as much is kept in memory as may: what comes stays in the page until there is room. */
  readonly isFull: boolean;
}

/** Takes what comes into the inbox. Whatever goes wrong there, no message is lost: it is held, and added again. */
export class Arrivals {
  readonly #options: ArrivalsOptions;
  /** What has come in this turn of the event loop, oldest first, and when it will be journaled. */
  #arriving: ArrivedMessage[] = [];
  #journaling: Promise<void> | undefined;
  /** Messages that adding them to the inbox has thrown for, oldest first; by chats, and how much they take in memory. */
  #held: ArrivedMessage[] = [];
  #heldChats = new Set<string>();
  #heldSize = 0;
  #heldError: unknown;
  #room: { readonly isThere: Promise<void>; readonly tell: () => void } | undefined;
  #fault: ArrivalFault | undefined;

  constructor(options: ArrivalsOptions) {
    this.#options = options;
  }

  /** Undefined when all is well. */
  get fault(): ArrivalFault | undefined {
    return this.#fault;
  }

  /** Whether messages are held here, of which the inbox knows nothing. */
  get isHolding(): boolean {
    return this.#held.length > 0;
  }

  /**
   * Resolves when what has come is kept, and more may come; undefined when that is so. Until then the page counts it as
   * not handed over, and keeps what comes.
   */
  get taken(): Promise<void> | undefined {
    if (this.#journaling === undefined) return this.#room?.isThere;
    return this.#journaling.then(() => this.#room?.isThere);
  }

  /**
   * Takes a message: the first is journaled at once, and those that come in the same turn of the event loop in one
   * step, as it takes one alone as long as ten together.
   */
  take(arrived: ArrivedMessage): void {
    this.#arriving.push(arrived);
    if (this.#journaling !== undefined) return;
    this.journal();
    this.#journaling = nextTurn().then(() => {
      this.#journaling = undefined;
      this.journal();
    });
  }

  /** Journals what has come in this turn. */
  journal(): void {
    const arriving = this.#arriving.splice(0);
    if (arriving.length === 0) return;
    if (this.isHolding || !this.#add(arriving)) {
      for (const arrived of arriving) {
        // One of the same chat that is held comes first.
        if (this.#heldChats.has(arrived.chat) || !this.#add([arrived])) this.#hold(arrived);
      }
    }
    this.look();
  }

  /** Adds again what is held. */
  retry(): void {
    const held = this.#held;
    this.#dropHeld();
    for (const arrived of held) {
      if (this.#heldChats.has(arrived.chat) || !this.#add([arrived])) this.#hold(arrived);
    }
  }

  /** Looks whether there is a fault, and room for more. To be called whenever the inbox has been written, or tried to. */
  look(): void {
    const { inbox, onFault } = this.#options;
    const isFull = inbox.isFull || this.#heldSize >= maxUnsavedSize;
    this.#noteRoom(isFull);
    const before = this.#fault;
    const error = this.isHolding ? this.#heldError : inbox.fault;
    this.#fault = error === undefined && !isFull ? undefined : { error, isHeld: this.isHolding, isFull };
    if (!isSame(before, this.#fault)) onFault(this.#fault);
  }

  /** Forgets what is held: none of it was for this account. */
  discard(): void {
    this.#arriving = [];
    this.#dropHeld();
  }

  #dropHeld(): void {
    this.#held = [];
    this.#heldChats = new Set();
    this.#heldSize = 0;
  }

  #hold(arrived: ArrivedMessage): void {
    this.#held.push(arrived);
    this.#heldChats.add(arrived.chat);
    this.#heldSize += sizeInMemory(arrived);
  }

  /** @returns false when that has thrown: nothing that goes wrong here may lose the message. */
  #add(arrived: readonly ArrivedMessage[]): boolean {
    const { inbox, fresh, onChat } = this.#options;
    try {
      const added = fresh(arrived);
      inbox.addAll(added);
      for (const chat of new Set(added.map((message) => message.chat))) onChat(chat);
      return true;
    } catch (error) {
      this.#heldError = error;
      return false;
    }
  }

  #noteRoom(isFull: boolean): void {
    if (isFull === (this.#room !== undefined)) return;
    if (isFull) {
      let tell = (): void => undefined;
      const isThere = new Promise<void>((resolve) => (tell = resolve));
      this.#room = { isThere, tell };
    } else {
      this.#room?.tell();
      this.#room = undefined;
    }
  }
}

/** An error that is thrown again and again is another one each time. */
function isSame(one: ArrivalFault | undefined, other: ArrivalFault | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return one.isFull === other.isFull && describeError(one.error) === describeError(other.error);
}
