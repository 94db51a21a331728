import { type ArrivedMessage, type Head, type InboxCounts, type InboxMessage, isBefore } from './inbox-message.js';
import type { AddressPair } from './addresses.js';
import { addressesOf, type InboxFact, numberOf, raiseFact, setFact } from './facts.js';
import { JournalFile, type JournalFileOptions } from './journal-file.js';
import { type OpenMessage, planMissed } from './plan-missed.js';
import { toValues } from './rows.js';
import { statements } from './statements.js';
import { maxUnsavedSize, Unsaved } from './unsaved.js';

export type { InboxFact } from './facts.js';
export type { Rebuilt } from './journal-file.js';

export type InboxOptions = JournalFileOptions;

export interface ForgetLimits {
  readonly olderThan: number;
  readonly maxBytes: number;
  readonly askedSince: number;
  readonly atOnce: number;
}

export interface Forgotten {
  readonly isMore: boolean;
  readonly deadLetters: number;
}

/**
 * The journal of an account's incoming messages, and what has become of each.
 *
 * What can't be written is kept in memory and written by {@link save} once the disk takes it: a message is handled whatever the disk does,
 * and handled again only if the process dies before that.
 */
export class Inbox {
  readonly #now: () => number;
  readonly #unsaved = new Unsaved();
  readonly #file: JournalFile;
  #openings: number;
  #dataVersion: number | undefined;

  /** Opens the file; where that fails for now, everything is kept in memory until {@link save} succeeds. Throws for a file that no later try can open. */
  constructor(options: InboxOptions) {
    this.#now = options.now;
    this.#file = new JournalFile(options, this.#unsaved);
    this.#file.openFirst();
    this.#openings = this.#file.openings;
  }

  /** Whether the file is open and has everything. */
  get isSaved(): boolean {
    return this.#file.isOpen && this.#unsaved.isEmpty;
  }

  /**
   * Whether as much waits in memory as may: nothing more is to be added until {@link save} has written it, or it is
   * handled.
   */
  get isFull(): boolean {
    return this.#unsaved.size >= maxUnsavedSize;
  }

  /** Whether it is known what has been handled before: without the file, what the page remembers can't be told from what is new. */
  get isOpen(): boolean {
    return this.#file.isOpen;
  }

  /** What the file has failed with that no trouble of the disk explains, as long as nothing could be written since. */
  get fault(): unknown {
    return this.#file.fault;
  }

  /** Journals a message that has just come. @returns false for one that is known. */
  add(message: ArrivedMessage): boolean {
    if (this.#unsaved.has(message.id)) return false;
    const row = this.#arrived(message, this.#file.takePlace(), false);
    if (this.isSaved) {
      const added = this.#file.write((file) => file.run(statements.insert, ...toValues(row)));
      if (added !== undefined) return added > 0;
    }
    // What could be read of a damaged file is in memory by now.
    if (this.#unsaved.has(row.id) || this.#rowOf(row.id) !== undefined) return false;
    if (this.#file.isOpen) this.#unsaved.keep(row);
    else this.#unsaved.keepUnchecked(row);
    return true;
  }

  /** The same as {@link add} for messages that have come together, oldest first: in one step where the file takes them. */
  addAll(messages: readonly ArrivedMessage[]): void {
    if (messages.length > 1 && this.isSaved) {
      const rows = messages.map((message) => toValues(this.#arrived(message, this.#file.takePlace(), false)));
      const isWritten = this.#file.write((file) => {
        file.transaction(() => {
          for (const row of rows) file.run(statements.insert, ...row);
        });
        return true;
      });
      if (isWritten === true) return;
    }
    for (const message of messages) this.add(message);
  }

  /** Notes a message that needs no handling, so that it isn't taken for one that was missed. */
  note({ id, chat, t }: Omit<ArrivedMessage, 'raw'>): void {
    if (this.#unsaved.has(id)) return;
    const arrived = this.#arrived({ id, chat, t, raw: '' }, this.#file.takePlace(), false);
    const row: InboxMessage = { ...arrived, raw: null, state: 'done', settledAt: this.#now() };
    const isWritten =
      this.isSaved &&
      this.#file.write((file) => {
        file.run(statements.insert, ...toValues(row));
        return true;
      });
    if (isWritten !== true && this.#rowOf(id) === undefined) this.#unsaved.keep(row);
  }

  /**
   * Journals what a chat has had while no worker listened, as the page has it: all of the chat's messages of that time,
   * oldest first, those that are known with `raw` null. Those of them that no handler has begun with get their places in
   * this order, and what has come since `since` (a {@link lastPlace}) comes after them.
   *
   * @returns how many were new.
   * @throws when the file isn't open, without which that isn't known.
   */
  addMissed(
    chat: string,
    messages: readonly (Omit<ArrivedMessage, 'chat' | 'raw'> & { raw: string | null })[],
    since: number,
  ): number {
    const unknown = this.unknown(messages.map(({ id }) => id));
    const open = this.#open(chat);
    const { fresh, moved } = planMissed(messages, open, unknown, since, () => this.#file.takePlace());
    const rows = fresh.map(({ message, place }) => this.#arrived({ ...message, chat }, place, true));
    const isWritten =
      this.isSaved &&
      this.#file.write((file) =>
        file.transaction(() => {
          for (const row of rows) file.run(statements.insert, ...toValues(row));
          for (const { id, place } of moved) file.run(statements.move, place, id);
          return true;
        }),
      );
    if (isWritten !== true) {
      for (const row of rows) this.#unsaved.keep(row);
      for (const { id, place } of moved) {
        const message = this.get(id);
        if (message !== undefined) this.#unsaved.keep({ ...message, place });
      }
    }
    return rows.length;
  }

  /** Of these, the ones that the inbox doesn't know. @throws when the file isn't open, without which that isn't known. */
  unknown(ids: readonly string[]): Set<string> {
    const rows = this.#file.read<{ value: string }>(statements.unknown, JSON.stringify(ids));
    if (!this.#file.isOpen) throw new Error('the inbox can not be read, and what was handled before is not known');
    return new Set(rows.map(({ value }) => value).filter((id) => !this.#unsaved.has(id)));
  }

  get(id: string): InboxMessage | undefined {
    return this.#unsaved.get(id) ?? this.#rowOf(id);
  }

  /**
   * A message that {@link head} has named. @returns undefined when another process has changed what becomes of it.
   *
   * A damaged file may name a head that it doesn't have: it is rebuilt then, and not asked for that head for ever.
   */
  take({ id, chat }: Head): InboxMessage | undefined {
    const found = this.get(id);
    if (found?.id === id && found.state === 'waiting') return found;
    if (this.head(chat)?.id !== id) return undefined;
    this.#file.distrust(`${id} waits, and is not there`);
    const rescued = this.get(id);
    return rescued?.id === id && rescued.state === 'waiting' ? rescued : undefined;
  }

  /** The next message of each chat that has one. */
  heads(): Head[] {
    const heads = new Map(this.#file.read<Head>(statements.heads).map((head) => [head.chat, head]));
    const outOfDate = [...heads.values()].filter(({ id }) => this.#unsaved.has(id)).map(({ chat }) => chat);
    for (const chat of new Set([...outOfDate, ...this.#unsaved.chats])) {
      const head = this.head(chat);
      if (head === undefined) heads.delete(chat);
      else heads.set(chat, head);
    }
    return [...heads.values()];
  }

  /** The next message of a chat. */
  head(chat: string): Head | undefined {
    const unsaved = this.#unsaved.ofChat(chat);
    // What the file says of a message that has to be written is out of date: as many more rows are looked at.
    const rows = this.#file.read<Head>(statements.head, chat, unsaved.length + 1);
    let head = rows.find(({ id }) => !this.#unsaved.has(id));
    for (const message of unsaved) {
      if (message.state === 'waiting' && (head === undefined || isBefore(message, head))) head = message;
    }
    return head;
  }

  /** Two addresses turn out to be one chat: what waits in the one waits in the other from now on. */
  moveChat(from: string, to: string): void {
    for (const message of this.#unsaved.ofChat(from)) if (message.state === 'waiting') this.#unsaved.move(message, to);
    this.#file.write((file) => file.run("UPDATE messages SET chat = ? WHERE chat = ? AND state = 'waiting'", to, from));
  }

  /** Writes down what has become of a message. */
  update(message: InboxMessage): void {
    const { state, raw, attempts, deaths, nextAt, error, settledAt, id } = message;
    const isWritten =
      this.isSaved &&
      this.#file.write((file) => {
        const values = [state, raw, attempts, deaths, nextAt, error, settledAt, id];
        const changed = file.run(statements.update, ...values);
        // A damaged file may have lost it meanwhile.
        if (changed === 0) file.run(statements.upsert, ...toValues(message));
        return true;
      });
    if (isWritten !== true) this.#unsaved.keep(message);
  }

  /** Those that were with their handlers when an earlier worker ended without a word; and those that are with them now. */
  running(): InboxMessage[] {
    return this.#file.readMessages(statements.running).filter(({ id }) => !this.#unsaved.has(id));
  }

  counts(): InboxCounts {
    const counts = { waiting: 0, running: 0, dead: 0, done: 0 };
    const rows = this.#file.read<{ state: keyof typeof counts; n: number }>(statements.unsettledCounts);
    for (const { state, n } of rows) counts[state] = n;
    const { messages } = this.#unsaved;
    const outOfDate =
      messages.length === 0
        ? []
        : this.#file.read<{ state: keyof typeof counts }>(
            statements.known,
            JSON.stringify(messages.map(({ id }) => id)),
          );
    for (const { state } of outOfDate) counts[state] -= 1;
    for (const { state } of messages) counts[state] += 1;
    const { waiting, running, dead } = counts;
    return { waiting, running, dead };
  }

  /** The place of the newest message. */
  get lastPlace(): number {
    return this.#file.lastPlace;
  }

  fact(name: InboxFact): number | undefined {
    if (this.#unsaved.hasFact(name)) return this.#unsaved.fact(name);
    return this.#file.read<{ value: number }>(statements.fact, name)[0]?.value;
  }

  /** Raises a fact; a lower value changes nothing. Nothing is raised past what the file doesn't have yet. */
  raise(name: InboxFact, value: number): void {
    if (this.isSaved) this.#file.write((file) => raiseFact(file, name, value));
  }

  /** Sets a fact to whatever it is now; undefined forgets it. */
  set(name: InboxFact, value: number | undefined): void {
    const isWritten =
      this.isSaved &&
      this.#file.write((file) => {
        setFact(file, name, value);
        return true;
      });
    if (isWritten !== true) this.#unsaved.keepFact(name, value);
  }

  /** Which two addresses are one person's, as far as that is kept: the page says it only where it knows it. */
  get addresses(): AddressPair[] {
    const facts = new Map<string, number | undefined>();
    for (const { name, value } of this.#file.read<{ name: string; value: number }>(statements.addresses)) {
      facts.set(name, value);
    }
    for (const [name, value] of this.#unsaved.facts) facts.set(name, value);
    return addressesOf([...facts].map(([name, value]) => ({ name, value })));
  }

  /** Keeps the numbers of people, by their lids; undefined forgets one. */
  keepAddresses(numbers: ReadonlyMap<string, string | undefined>): void {
    if (numbers.size === 0) return;
    const facts = [...numbers].map(
      ([lid, number]) => [lid, number === undefined ? undefined : numberOf(number)] as const,
    );
    const isWritten =
      this.isSaved &&
      this.#file.write((file) =>
        file.transaction(() => {
          for (const [lid, number] of facts) setFact(file, lid, number);
          return true;
        }),
      );
    if (isWritten !== true) for (const [lid, number] of facts) this.#unsaved.keepFact(lid, number);
  }

  /**
   * Writes what has waited in memory. To be called every now and then.
   *
   * @returns whether the file has everything.
   */
  save(): boolean {
    return this.#file.save();
  }

  /**
   * Forgets what is done or dead since before `olderThan` (milliseconds since 1970), and beyond `maxBytes` the oldest of what is done; at
   * most so many at once, so that nobody waits for it.
   *
   * @param limits.askedSince seconds since 1970: what came since then may be read from the page once more, and has to be known then.
   * @returns whether there is more to forget, and how many dead letters were among what is forgotten.
   */
  forget({ olderThan, maxBytes, askedSince, atOnce }: ForgetLimits): Forgotten {
    if (!this.isSaved) return { isMore: false, deadLetters: 0 };
    type Old = Pick<InboxMessage, 'id' | 't' | 'state'>;
    let oldest = this.#file.read<Old>(statements.oldest, olderThan, askedSince, atOnce);
    if (oldest.length === 0 && this.bytes > maxBytes)
      oldest = this.#file.read<Old>(statements.oldestDone, askedSince, atOnce);
    const isForgotten = this.#file.write((file) => {
      if (oldest.length > 0) {
        file.transaction(() => {
          const ids = JSON.stringify(oldest.map(({ id }) => id));
          file.run(statements.delete, ids);
          raiseFact(file, 'floor', Math.max(...oldest.map(({ t }) => t)));
        });
      }
      // A page a row at most, so that a step is as short as the one before.
      file.all(`PRAGMA incremental_vacuum(${atOnce})`);
      return true;
    });
    if (isForgotten !== true) return { isMore: false, deadLetters: 0 };
    return { isMore: oldest.length === atOnce, deadLetters: oldest.filter(({ state }) => state === 'dead').length };
  }

  /** Takes back what has come since a {@link lastPlace} and nobody has begun with. */
  discard(since: number): void {
    this.#unsaved.drop(
      this.#unsaved.messages.filter(
        ({ place, state, attempts }) => place > since && state === 'waiting' && attempts === 0,
      ),
    );
    this.#file.write((file) => file.run(statements.discard, since));
  }

  /** Whether the file may hold something else since this was asked last: another process has written to it, or it was opened anew. At first it may. */
  hasChangedOutside(): boolean {
    this.#file.checkPlace();
    const { openings } = this.#file;
    const version = this.#pragma('data_version');
    const isChanged = openings !== this.#openings || (version !== undefined && version !== this.#dataVersion);
    this.#openings = openings;
    this.#dataVersion = version;
    return isChanged;
  }

  /** How much of the file is in use. */
  get bytes(): number {
    const [pages, free, size] = ['page_count', 'freelist_count', 'page_size'].map((name) => this.#pragma(name) ?? 0);
    return ((pages ?? 0) - (free ?? 0)) * (size ?? 0);
  }

  close(): void {
    this.#file.checkPlace();
    this.save();
    this.#file.close();
  }

  #arrived(message: ArrivedMessage, place: number, backfilled: boolean): InboxMessage {
    return {
      ...message,
      place,
      state: 'waiting',
      backfilled,
      attempts: 0,
      deaths: 0,
      nextAt: null,
      error: null,
      receivedAt: this.#now(),
      settledAt: null,
    };
  }

  #rowOf(id: string): InboxMessage | undefined {
    return this.#file.readMessages(statements.message, id)[0];
  }

  /** What waits in a chat, and no handler has begun with. */
  #open(chat: string): OpenMessage[] {
    const inFile = this.#file.read<OpenMessage>(statements.open, chat);
    const inMemory = this.#unsaved.ofChat(chat).filter(({ state, attempts }) => state === 'waiting' && attempts === 0);
    return [...inFile.filter(({ id }) => !this.#unsaved.has(id)), ...inMemory];
  }

  #pragma(name: string): number | undefined {
    const [row] = this.#file.read<object>(`PRAGMA ${name}`);
    return row === undefined ? undefined : Number(Object.values(row)[0]);
  }
}
