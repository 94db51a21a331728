import { closeSync, openSync } from 'node:fs';
import { createRequire } from 'node:module';

import type Libsql from 'libsql';

import { WasupError } from '../errors.js';
import { supervisorExitCodes } from '../exit-codes.js';
import { schema, schemaVersion } from './schema.js';

// Loaded by who opens an inbox, not by whoever imports a type of it: SQLite is 10 MB of native code.
const require = createRequire(import.meta.url);

export type Database = Libsql.Database;
export type Statement = Libsql.Statement;

/** How long a write waits for another process that writes (`wasup messages`). */
const busyTimeoutMs = 2_000;

/** What SQLite's error codes mean for who keeps messages: what is in the file can't be trusted, or nothing more can be written for now. */
export type InboxTrouble = 'damaged' | 'unwritable';

/** @returns undefined for what SQLite hasn't said: a mistake of ours. */
export function classifyInboxError(error: unknown): InboxTrouble | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = (error as { code?: unknown }).code;
  const text = `${typeof code === 'string' ? code : ''} ${error.message}`;
  if (/SQLITE_(CORRUPT|NOTADB)|not a database|malformed/i.test(text)) return 'damaged';
  return /SQLITE_(FULL|IOERR|READONLY|CANTOPEN|BUSY|LOCKED|PERM|NOMEM|PROTOCOL)|Unable to open|disk (is full|I\/O error)|readonly|ENOSPC|EROFS|EACCES|EPERM|EDQUOT|EMFILE|ENOENT|EIO/i.test(
    text,
  )
    ? 'unwritable'
    : undefined;
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
    database.pragma(`busy_timeout = ${busyTimeoutMs}`);
    const version = (database.pragma('user_version') as { user_version: number }[])[0]?.user_version ?? 0;
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
    if (version === 0) database.pragma('auto_vacuum = INCREMENTAL');
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = NORMAL');
    database.pragma('journal_size_limit = 4000000');
    if (version === 0) database.exec(`BEGIN IMMEDIATE; ${schema}; PRAGMA user_version = ${schemaVersion}; COMMIT`);
    return database;
  } catch (error) {
    database.close();
    throw error;
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

/** Loads SQLite and goes through its first steps, for who has time before they are needed. */
export function warmUpInbox(): void {
  const database = openDatabase(':memory:');
  database.exec(schema);
  database.prepare("SELECT value FROM json_each('[]') WHERE value NOT IN (SELECT id FROM messages)").all();
  database.close();
}

/** Opens a file as it is. */
export function openDatabase(path: string): Database {
  const Database = require('libsql') as new (path: string) => Database;
  return new Database(path);
}
