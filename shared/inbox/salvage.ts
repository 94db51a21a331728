import { statSync } from 'node:fs';

import { closeQuietly, type Database, openDatabase } from './inbox-file.js';
import { type InboxMessage, messageStates } from './inbox-message.js';
import { type Row, fromRow } from './rows.js';
import { columns } from './schema.js';

export interface Salvage {
  readonly messages: readonly InboxMessage[];
  readonly facts: readonly { readonly name: string; readonly value: number }[];
  /** Whether that is all that was in the file. */
  readonly isComplete: boolean;
  /** When the file was last written to, in milliseconds since 1970. */
  readonly writtenAt: number;
}

/** Reads from a damaged file whatever can still be read, from both ends to where it breaks. Never throws. */
export function salvage(path: string, now: number): Salvage {
  const writtenAt = Math.min(now, newestWrite(path) ?? now);
  let database: Database | undefined;
  try {
    database = openDatabase(path);
    const messages = new Map<string, InboxMessage>();
    const ways = [readAll(database, 'ASC', messages), readAll(database, 'DESC', messages)];
    const facts: Salvage['facts'][number][] = [];
    const areFactsWhole = drain(database, 'SELECT name, value FROM facts', (fact) => {
      if (isFact(fact)) facts.push(fact);
      return isFact(fact);
    });
    const isComplete = ways.some((isWhole) => isWhole) && areFactsWhole;
    return { messages: [...messages.values()], facts, isComplete, writtenAt };
  } catch {
    return { messages: [], facts: [], isComplete: false, writtenAt };
  } finally {
    closeQuietly(database);
  }
}

function readAll(database: Database, order: 'ASC' | 'DESC', messages: Map<string, InboxMessage>): boolean {
  // By the table alone: an index may be what is damaged.
  return drain(database, `SELECT ${columns} FROM messages NOT INDEXED ORDER BY rowid ${order}`, (row) => {
    if (!isRow(row)) return false;
    messages.set(row.id, fromRow(row));
    return true;
  });
}

/** @returns whether all was read, and `take` could use all of it. */
function drain(database: Database, sql: string, take: (row: unknown) => boolean): boolean {
  try {
    let isWhole = true;
    for (const row of database.prepare(sql).iterate()) isWhole = take(row) && isWhole;
    return isWhole;
  } catch {
    return false;
  }
}

/** Damage may leave a row that can be read and makes no sense; a new file would refuse it, and all the others with it. */
function isRow(value: unknown): value is Row {
  const row = value as Record<keyof Row, unknown>;
  return (
    [row.id, row.chat].every((text) => typeof text === 'string' && text !== '') &&
    [row.t, row.place, row.backfilled, row.attempts, row.deaths, row.receivedAt].every(Number.isSafeInteger) &&
    [row.nextAt, row.settledAt].every((time) => time === null || Number.isSafeInteger(time)) &&
    [row.raw, row.error].every((text) => text === null || typeof text === 'string') &&
    (messageStates as readonly unknown[]).includes(row.state) &&
    (row.state === 'done' || row.raw !== null)
  );
}

function isFact(value: unknown): value is Salvage['facts'][number] {
  const { name, value: number } = value as Record<string, unknown>;
  return typeof name === 'string' && Number.isSafeInteger(number);
}

function newestWrite(path: string): number | undefined {
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
