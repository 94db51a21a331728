import { readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { type Database, openDatabase } from './inbox-file.js';
import type { InboxMessage } from './inbox-message.js';
import { type Row, fromRow } from './rows.js';
import { columns } from './schema.js';

/** SQLite's own files beside the database. */
const companions = ['', '-wal', '-shm'];
/** How many damaged versions are kept for whoever wants to know what happened. */
const keptVersions = 3;

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
    const isComplete =
      ways.some((isWhole) => isWhole) &&
      drain(database, 'SELECT name, value FROM facts', (fact) => facts.push(fact as Salvage['facts'][number]));
    return { messages: [...messages.values()], facts, isComplete, writtenAt };
  } catch {
    return { messages: [], facts: [], isComplete: false, writtenAt };
  } finally {
    close(database);
  }
}

/** Renames the file and its companions to `<name>.damaged-<time>`, and removes all but the newest three of these. */
export function setInboxAside(path: string, now: Date): string {
  const prefix = `${basename(path)}.damaged-`;
  const aside = join(dirname(path), `${prefix}${now.toISOString().replace(/[-:.]/g, '')}`);
  renameSync(path, aside);
  for (const companion of companions.slice(1)) {
    try {
      renameSync(`${path}${companion}`, `${aside}${companion}`);
    } catch {
      // SQLite had removed it.
    }
  }
  try {
    const versions = readdirSync(dirname(path)).filter((name) => name.startsWith(prefix) && !/-(wal|shm)$/.test(name));
    for (const version of versions.sort().slice(0, -keptVersions)) {
      for (const companion of companions) rmSync(join(dirname(path), `${version}${companion}`), { force: true });
    }
  } catch {
    // They are kept a little longer then: the next damage tries again.
  }
  return aside;
}

function readAll(database: Database, order: 'ASC' | 'DESC', messages: Map<string, InboxMessage>): boolean {
  // By the table alone: an index may be what is damaged.
  return drain(database, `SELECT ${columns} FROM messages NOT INDEXED ORDER BY rowid ${order}`, (row) => {
    const message = fromRow(row as Row);
    messages.set(message.id, message);
  });
}

function drain(database: Database, sql: string, take: (row: unknown) => unknown): boolean {
  try {
    for (const row of database.prepare(sql).iterate()) take(row);
    return true;
  } catch {
    return false;
  }
}

function newestWrite(path: string): number | undefined {
  const times = companions.slice(0, 2).map((companion) => {
    try {
      return statSync(`${path}${companion}`).mtimeMs;
    } catch {
      return undefined;
    }
  });
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

function close(database: Database | undefined): void {
  try {
    database?.close();
  } catch {
    // It was never whole.
  }
}
