import { existsSync } from 'node:fs';

import { Addresses } from './addresses.js';
import { addressesOf } from './facts.js';
import type { InboxCounts, InboxMessage } from './inbox-message.js';
import { type Database, openInboxFile } from './inbox-file.js';
import { fromRow, type Row } from './rows.js';
import { statements } from './statements.js';

export { isBusy } from './inbox-file.js';

/** An account's inbox as another process than its worker sees it: to look at, and to decide about dead letters. The worker notices by itself. */
export class DeadLetters {
  readonly #file: Database;
  #addresses: Addresses | undefined;

  private constructor(file: Database) {
    this.#file = file;
  }

  /** @returns undefined where no message has come yet. @throws what SQLite or the file system says. */
  static open(path: string): DeadLetters | undefined {
    return existsSync(path) ? new DeadLetters(openInboxFile(path)) : undefined;
  }

  counts(): InboxCounts & { readonly done: number } {
    const counts = { waiting: 0, running: 0, dead: 0, done: 0 };
    const rows = this.#file.prepare(statements.unsettledCounts).all();
    for (const { state, n } of rows as { state: keyof typeof counts; n: number }[]) counts[state] = n;
    const { n: settled } = this.#file.prepare(statements.settledCount).get() as { n: number };
    return { ...counts, done: settled - counts.dead };
  }

  /** The newest first. */
  list(limit: number): InboxMessage[] {
    return (this.#file.prepare(statements.deadLetters).all(limit) as Row[]).map((row) => this.#toMessage(row));
  }

  /**
   * A message by its id, or by the id that it has under the other address of its author, where the inbox knows both:
   * under which of them it was told of is chance. Of two that turned out to be one the dead letter, else the one that
   * the bot was given.
   */
  get(id: string): InboxMessage | undefined {
    const found = [id, ...this.#people.aliases(id)].map((name) => this.#rowOf(name)).filter((row) => row !== undefined);
    return found.find(({ state }) => state === 'dead') ?? found.find(({ attempts }) => attempts > 0) ?? found[0];
  }

  /**
   * Gives parked messages to the bot again, with all their attempts; each is found as {@link get} does.
   *
   * @returns how many; without ids all.
   */
  replay(ids?: readonly string[]): number {
    return ids === undefined ? this.#change(statements.replayAll) : this.#change(statements.replay, this.#stored(ids));
  }

  /** Gives parked messages up: they are done with. @returns how many; without ids all. */
  drop(ids?: readonly string[]): number {
    return ids === undefined ? this.#change(statements.dropAll) : this.#change(statements.drop, this.#stored(ids));
  }

  close(): void {
    this.#file.close();
  }

  #stored(ids: readonly string[]): string {
    return JSON.stringify(ids.map((id) => this.get(id)?.id ?? id));
  }

  #rowOf(id: string): InboxMessage | undefined {
    const row = this.#file.prepare(statements.message).get(id) as Row | undefined;
    return row === undefined ? undefined : this.#toMessage(row);
  }

  /** In the chat that its person has under the number, where that is known: two addresses are one chat. */
  #toMessage(row: Row): InboxMessage {
    const message = fromRow(row);
    const { chat } = message;
    return { ...message, chat: chat.endsWith('@lid') ? (this.#people.other(chat) ?? chat) : chat };
  }

  /** Which two addresses are one person's, as it was when that was asked first. */
  get #people(): Addresses {
    if (this.#addresses === undefined) {
      const facts = this.#file.prepare(statements.addresses).all() as { name: string; value: number }[];
      this.#addresses = new Addresses();
      this.#addresses.learn(addressesOf(facts));
    }
    return this.#addresses;
  }

  #change(sql: string, ...parameters: string[]): number {
    return this.#file.prepare(sql).run(...parameters).changes;
  }
}
