import { statSync } from 'node:fs';

import {
  classifyInboxError,
  closeQuietly,
  DamagedInboxError,
  type Database,
  openInboxFile,
  type Statement,
} from './inbox-file.js';
import type { ReadMarker } from './read-marker.js';
import { companions } from './set-aside.js';
import { statements } from './statements.js';

type Inode = bigint | 'none' | 'unknown';

/** An inbox's open file, with the statements that are used again and again. */
export class InboxConnection {
  readonly #path: string;
  readonly #database: Database;
  readonly #statements = new Map<string, Statement>();
  readonly #inodes: ReadonlyMap<string, Inode>;
  readonly #marker: ReadMarker | undefined;
  /** The place of the newest message when it was opened. */
  readonly lastPlace: number;

  /**
   * @param marker says while it is read that it is.
   * @throws what {@link openInboxFile} throws.
   */
  constructor(path: string, marker?: ReadMarker) {
    this.#path = path;
    this.#marker = marker;
    this.#database = this.#marked(() => openInboxFile(path));
    try {
      this.#prepareAll();
      const [newest] = this.all<{ place: number | null }>(statements.lastPlace);
      this.lastPlace = newest?.place ?? 0;
      this.all(statements.firstRows);
      this.#inodes = new Map(companions.map((name) => [name, inodeOf(`${path}${name}`)]));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** What {@link rescue} reads messages from. */
  get database(): Database {
    return this.#database;
  }

  all<Result>(sql: string, ...parameters: unknown[]): Result[] {
    return this.#marked(() => this.#statement(sql).all(...parameters) as Result[]);
  }

  /** @returns how many rows it has changed. */
  run(sql: string, ...parameters: unknown[]): number {
    return this.#statement(sql).run(...parameters).changes;
  }

  transaction<Result>(work: () => Result): Result {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  /** Whether the database's files are where they were opened; else what is written into them goes with this process. */
  get isInPlace(): boolean {
    return [...this.#inodes].every(([name, before]) => {
      const now = inodeOf(`${this.#path}${name}`);
      return before === now || typeof before !== 'bigint' || now === 'unknown';
    });
  }

  /** Those of {@link companions} that are still where they were opened. */
  filesInPlace(): string[] {
    return companions.filter((name) => {
      const inode = inodeOf(`${this.#path}${name}`);
      return typeof inode === 'bigint' && inode === this.#inodes.get(name);
    });
  }

  /** Leaves everything in the file itself, with no log beside it. */
  checkpoint(): void {
    try {
      this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } catch {
      // What is in the log is read from there.
    }
  }

  /** The binding leaves the file open until the garbage collector has come by its statements. */
  close(): void {
    this.#statements.clear();
    closeQuietly(this.#database);
  }

  #marked<Result>(work: () => Result): Result {
    return this.#marker === undefined ? work() : this.#marker.during('reading', work);
  }

  /** @throws DamagedInboxError when the tables are not those that wasup has made. */
  #prepareAll(): void {
    for (const sql of Object.values(statements)) {
      try {
        this.#statement(sql);
      } catch (error) {
        if (classifyInboxError(error) !== undefined) throw error;
        throw new DamagedInboxError(`the tables of ${this.#path} are not as they were made`, { cause: error });
      }
    }
  }

  #rollBack(): void {
    try {
      // Some errors have rolled it back already.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
    } catch {
      // The next statement says what is wrong.
    }
  }

  #statement(sql: string): Statement {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

function inodeOf(path: string): Inode {
  try {
    return statSync(path, { bigint: true }).ino;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'none' : 'unknown';
  }
}
