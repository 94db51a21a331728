import { existsSync } from 'node:fs';

import type { InboxCounts, InboxMessage } from './inbox-message.js';
import { type Database, openInboxFile } from './inbox-file.js';
import { fromRow, type Row } from './rows.js';
import { columns } from './schema.js';

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
    const rows = this.#file.prepare('SELECT state, count(*) AS n FROM messages GROUP BY state').all();
    for (const { state, n } of rows as { state: keyof typeof counts; n: number }[]) counts[state] = n;
    return counts;
  }

  /** The newest first. */
  list(limit: number): InboxMessage[] {
    return this.#read("WHERE state = 'dead' ORDER BY settled_at DESC, t DESC LIMIT ?", limit);
  }

  get(id: string): InboxMessage | undefined {
    return this.#read('WHERE id = ?', id)[0];
  }

  /** Gives parked messages to the bot again, with all their attempts. @returns how many; without ids all. */
  replay(ids?: readonly string[]): number {
    return this.#change(
      "UPDATE messages SET state = 'waiting', attempts = 0, deaths = 0, next_at = NULL, settled_at = NULL WHERE state = 'dead'",
      ids,
    );
  }

  /** Gives parked messages up: they are done with. @returns how many; without ids all. */
  drop(ids?: readonly string[]): number {
    return this.#change("UPDATE messages SET state = 'done', raw = NULL WHERE state = 'dead'", ids);
  }

  close(): void {
    this.#file.close();
  }

  #read(where: string, parameter: unknown): InboxMessage[] {
    const rows = this.#file.prepare(`SELECT ${columns} FROM messages ${where}`).all(parameter);
    return (rows as Row[]).map(fromRow);
  }

  #change(sql: string, ids: readonly string[] | undefined): number {
    if (ids === undefined) return this.#file.prepare(sql).run().changes;
    return this.#file.prepare(`${sql} AND id IN (SELECT value FROM json_each(?))`).run(JSON.stringify(ids)).changes;
  }
}
