import { closeSync, openSync } from 'node:fs';
import { createRequire } from 'node:module';

import type { DatabaseSyncInstance, StatementSyncInstance } from '@photostructure/sqlite';

import { WasupError } from '../errors.js';
import { supervisorExitCodes } from '../exit-codes.js';
import { newerIndexes, schema, schemaVersion } from './schema.js';

// Loaded when an inbox is opened, not when a type of it is imported: SQLite is native code.
const require = createRequire(import.meta.url);

export type Database = DatabaseSyncInstance;
export type Statement = StatementSyncInstance;

/** How long a write waits for another process that writes (`wasup messages`). */
const busyTimeoutMs = 2_000;
/** No layout will have a number beyond it: the header of the file is damaged. */
const highestVersion = 1_000;

/** What SQLite's error codes mean for who keeps messages: what is in the file can't be trusted, or nothing more can be written for now. */
export type InboxTrouble = 'damaged' | 'unwritable';

/** What is in the file is not what was written into it, although SQLite can read it. */
export class DamagedInboxError extends Error {
  override readonly name = 'DamagedInboxError';
}

/** SQLite's primary result codes: SQLITE_CORRUPT, SQLITE_NOTADB. */
const damageCodes: ReadonlySet<unknown> = new Set([11, 26]);
/** SQLITE_PERM, BUSY, LOCKED, NOMEM, READONLY, IOERR, FULL, CANTOPEN and PROTOCOL. */
const diskCodes: ReadonlySet<unknown> = new Set([3, 5, 6, 7, 8, 10, 13, 14, 15]);
const busyCodes: ReadonlySet<unknown> = new Set([5, 6]);
/** The binding's `all` and `iterate` give in the place of the code what `sqlite3_errstr` makes of it: constants of SQLite. */
const codesOfTexts: ReadonlyMap<string, number> = new Map([
  ['access permission denied', 3],
  ['database is locked', 5],
  ['database table is locked', 6],
  ['out of memory', 7],
  ['attempt to write a readonly database', 8],
  ['disk I/O error', 10],
  ['database disk image is malformed', 11],
  ['database or disk is full', 13],
  ['unable to open database file', 14],
  ['locking protocol', 15],
  ['file is not a database', 26],
]);
/** What making the file or looking at it may fail with. */
const fileCodes: ReadonlySet<unknown> = new Set(
  'ENOSPC EROFS EACCES EPERM EDQUOT EMFILE ENFILE ENOENT ENOTDIR EIO EBUSY'.split(' '),
);

/** @returns undefined for what neither SQLite nor the file system explains: a mistake of ours. */
export function classifyInboxError(error: unknown): InboxTrouble | undefined {
  if (error instanceof DamagedInboxError) return 'damaged';
  const code = (error as { code?: unknown } | null)?.code;
  // An integer that JavaScript can't hold; wasup has never written one.
  if (damageCodes.has(primaryCode(error)) || code === 'ERR_OUT_OF_RANGE') return 'damaged';
  return diskCodes.has(primaryCode(error)) || fileCodes.has(code) ? 'unwritable' : undefined;
}

/** Whether another process is writing. */
export function isBusy(error: unknown): boolean {
  return busyCodes.has(primaryCode(error));
}

/** An extended result code has the primary one in its lowest byte. */
function primaryCode(error: unknown): number | undefined {
  const { code, errcode, message } = (error ?? {}) as { code?: unknown; errcode?: unknown; message?: unknown };
  if (typeof errcode === 'number') return errcode & 0xff;
  return code === 'ERR_SQLITE_ERROR' ? codesOfTexts.get(String(message)) : undefined;
}

/**
 * Opens an account's `inbox.db`, and makes it where there is none: in WAL mode, so that readers never wait, and with `synchronous=NORMAL`, so
 * that what a killed process has committed is kept, and a power failure may cost the newest commits, never the file.
 *
 * @throws Error of SQLite or of the file system; see {@link classifyInboxError}.
 */
export function openInboxFile(path: string): Database {
  createPrivately(path);
  const database = openDatabase(path);
  try {
    const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number };
    if (version < 0 || version > highestVersion)
      throw new DamagedInboxError(`${path} says that its layout is ${version}`);
    if (version > schemaVersion) {
      throw new WasupError(
        `${path} was written by a newer version of wasup (layout ${version}; this one knows ${schemaVersion})`,
        {
          remedy: 'Run that version again, or move the file away: messages that wait in it are not handled then.',
          exitCode: supervisorExitCodes.configuration,
        },
      );
    }
    // Before the first table: later it would take a rewrite of the file.
    if (version === 0) database.exec('PRAGMA auto_vacuum = INCREMENTAL');
    database.exec('PRAGMA journal_mode = WAL');
    database.exec('PRAGMA synchronous = NORMAL');
    database.exec('PRAGMA journal_size_limit = 4000000');
    if (version === 0) makeTables(database, path);
    else renewIndexes(database);
    return database;
  } catch (error) {
    closeQuietly(database);
    throw error;
  }
}

function makeTables(database: Database, path: string): void {
  const isEmpty = database.prepare('SELECT name FROM sqlite_schema LIMIT 1').get() === undefined;
  if (!isEmpty) throw new DamagedInboxError(`${path} has tables and says that it has no layout`);
  database.exec(`BEGIN IMMEDIATE; ${schema}; PRAGMA user_version = ${schemaVersion}; COMMIT`);
}

/** They make statements fast, and nothing else: on a full disk, say, it goes without until the next time. */
function renewIndexes(database: Database): void {
  try {
    database.exec(`BEGIN; ${newerIndexes}; COMMIT`);
  } catch {
    if (database.isTransaction) database.exec('ROLLBACK');
  }
}

/** Messages are for the user who runs wasup alone; SQLite gives its other two files the mode of this one. */
function createPrivately(path: string): void {
  try {
    closeSync(openSync(path, 'ax', 0o600));
  } catch (error) {
    // Not even opened where it exists: closing it would take away the locks of this process's other connections, and another process would
    // remove the write-ahead log under them.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Loads SQLite and goes through its first steps, before they are needed. */
export function warmUpInbox(): void {
  const database = openDatabase(':memory:');
  database.exec(schema);
  database.prepare("SELECT value FROM json_each('[]') WHERE value NOT IN (SELECT id FROM messages)").all();
  database.close();
}

/** Opens a file as it is. */
export function openDatabase(path: string): Database {
  const { DatabaseSync } = require('@photostructure/sqlite') as typeof import('@photostructure/sqlite');
  return new DatabaseSync(path, { timeout: busyTimeoutMs });
}

/** A damaged one may not close in peace. */
export function closeQuietly(database: Database | undefined): void {
  try {
    database?.close();
  } catch {
    // Its descriptors go with the process.
  }
}
