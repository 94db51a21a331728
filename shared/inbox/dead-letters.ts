import { existsSync } from 'node:fs';

import type { InboxCounts, InboxMessage } from './inbox-message.js';
import { type Database, openInboxFile } from './inbox-file.js';
import { fromRow, type Row } from './rows.js';
import { statements } from './statements.js';

export { isBusy } from './inbox-file.js';

/** An account's inbox as another process than its worker sees it: to look at, and to decide about dead letters. The worker notices by itself. */
export class DeadLetters {
  readonly #file: Database;

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
    return (this.#file.prepare(statements.deadLetters).all(limit) as Row[]).map(fromRow);
  }

  get(id: string): InboxMessage | undefined {
    const row = this.#file.prepare(statements.message).get(id) as Row | undefined;
    return row === undefined ? undefined : fromRow(row);
  }

  /** Gives parked messages to the bot again, with all their attempts. @returns how many; without ids all. */
  replay(ids?: readonly string[]): number {
    return ids === undefined
      ? this.#change(statements.replayAll)
      : this.#change(statements.replay, JSON.stringify(ids));
  }

  /** Gives parked messages up: they are done with. @returns how many; without ids all. */
  drop(ids?: readonly string[]): number {
    return ids === undefined ? this.#change(statements.dropAll) : this.#change(statements.drop, JSON.stringify(ids));
  }

  close(): void {
    this.#file.close();
  }

  #change(sql: string, ...parameters: string[]): number {
    return this.#file.prepare(sql).run(...parameters).changes;
  }
}
