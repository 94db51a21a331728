import { statSync } from 'node:fs';

import { closeQuietly, type Database, openDatabase, type Statement } from './inbox-file.js';
import type { InboxMessage } from './inbox-message.js';
import { fromRow, isRow } from './rows.js';
import { statements } from './statements.js';

export interface Fact {
  readonly name: string;
  readonly value: number;
}

/** So many messages are read between two looks at the clock. */
const portion = 50;
/** Damage mostly takes a page, in which there are not more rows than this: so many numbers are tried one by one. */
const triedOneByOne = 64;
/** A row's number that is so far from the one before it was not given by SQLite. */
const widestGap = 10_000_000;

/** Opens a damaged file for {@link readMessages} and {@link readFacts}. @throws what SQLite says when that can't be done. */
export function openDamaged(path: string): Database {
  const database = openDatabase(path);
  try {
    // Otherwise SQLite refuses all of a file that is shorter than its header says; a defensive connection ignores it.
    database.enableDefensive(false);
    database.exec('PRAGMA writable_schema = ON');
    return database;
  } catch (error) {
    closeQuietly(database);
    throw error;
  }
}

/**
 * Reads the messages that can be read, by the table alone: an index may be what is damaged. Where a row can't be read, it goes on at the next
 * one that can. Never throws what SQLite says; yields every few rows.
 *
 * @returns whether no row was left out.
 */
export function* readMessages(
  database: Database,
  take: (messages: readonly InboxMessage[]) => void,
): Generator<undefined, boolean> {
  let isWhole = true;
  let from: number | undefined = 1;
  while (from !== undefined) {
    const rows: RowReader = new RowReader(database, from);
    for (let isMore = true; isMore;) {
      isMore = rows.read(portion);
      take(rows.messages);
      yield;
    }
    isWhole &&= rows.isWhole;
    if (rows.isAtEnd) return isWhole;
    isWhole = false;
    from = yield* findReadable(database, Math.max(rows.last, from) + 1);
  }
  return false;
}

/** Reads rows in the order of the table from a number on, until the end or the first one that can't be read. */
class RowReader {
  /** Held as long as its rows are read: the binding's iterator doesn't keep it from the garbage collector, and reads freed memory then. */
  #statement: Statement | undefined;
  readonly #rows: Iterator<unknown> | undefined;
  messages: InboxMessage[] = [];
  isWhole = true;
  isAtEnd = false;
  /** The number of the newest row that was read. */
  last: number;

  constructor(database: Database, from: number) {
    this.last = from - 1;
    try {
      this.#statement = database.prepare(statements.rowsFrom);
      // A damaged integer may be one that JavaScript can't hold.
      this.#statement.setReadBigInts(true);
      this.#rows = this.#statement.iterate(from);
    } catch {
      this.#rows = undefined;
    }
  }

  /** @returns whether there may be more. */
  read(count: number): boolean {
    this.messages = [];
    if (this.#rows === undefined || this.#statement === undefined) return false;
    try {
      for (let n = 0; n < count; n += 1) {
        const next = this.#rows.next();
        if (next.done === true) {
          this.isAtEnd = true;
          return false;
        }
        this.#take(next.value as Record<string, unknown>);
      }
      return true;
    } catch {
      return false;
    }
  }

  #take(found: Record<string, unknown>): void {
    const { number, ...row } = Object.fromEntries(
      Object.entries(found).map(([name, value]) => [name, typeof value === 'bigint' ? Number(value) : value]),
    );
    if (typeof number === 'number' && number > this.last && number - this.last < widestGap) this.last = number;
    // Damage may leave a row that can be read and makes no sense; a new file would refuse it, and all the others with it.
    if (isRow(row)) this.messages.push(fromRow(row));
    else this.isWhole = false;
  }
}

/**
 * Finds the first row from a number on from which rows can be read: one by one, then in steps that double, then back by halves.
 *
 * @returns undefined when there is none.
 */
function* findReadable(database: Database, from: number): Generator<undefined, number | undefined> {
  let unreadable = from - 1;
  let readable: number | undefined;
  for (let step = 1; readable === undefined; step = unreadable - from < triedOneByOne ? 1 : step * 2) {
    const next = unreadable + step;
    if (next > Number.MAX_SAFE_INTEGER / 4) return undefined;
    if (isReadable(database, next)) readable = next;
    else unreadable = next;
    yield;
  }
  while (readable - unreadable > 1) {
    const middle = Math.floor((readable + unreadable) / 2);
    if (isReadable(database, middle)) readable = middle;
    else unreadable = middle;
    yield;
  }
  return readable;
}

/** Whether the next row from a number on can be read, or there is none. */
function isReadable(database: Database, from: number): boolean {
  try {
    const statement = database.prepare(`${statements.rowsFrom} LIMIT 1`);
    statement.setReadBigInts(true);
    statement.get(from);
    return true;
  } catch {
    return false;
  }
}

/** @returns the facts that can be read, and whether that is all of them. */
export function readFacts(database: Database): { readonly facts: readonly Fact[]; readonly isWhole: boolean } {
  const facts: Fact[] = [];
  try {
    let isWhole = true;
    for (const fact of database.prepare(statements.allFacts).all()) {
      if (isFact(fact)) facts.push(fact);
      else isWhole = false;
    }
    return { facts, isWhole };
  } catch {
    return { facts, isWhole: false };
  }
}

function isFact(value: unknown): value is Fact {
  const { name, value: number } = value as Record<string, unknown>;
  return typeof name === 'string' && Number.isSafeInteger(number);
}

/** @returns when a file or its write-ahead log was last written to, in milliseconds since 1970. */
export function newestWrite(path: string): number | undefined {
  const times = ['', '-wal'].map((companion) => {
    try {
      return statSync(`${path}${companion}`).mtimeMs;
    } catch {
      return undefined;
    }
  });
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}
