import { type ArrivedMessage, type Head, type InboxCounts, type InboxMessage, isBefore } from './inbox-message.js';
import { classifyInboxError, type Database, openInboxFile, type Statement } from './inbox-file.js';
import { fromRow, type Row, toValues } from './rows.js';
import { salvage, setInboxAside } from './salvage.js';
import { columns, insertion } from './schema.js';

/** A file that is damaged again and again lies on a disk that can't be trusted: after so many everything stays in memory. */
const maxRebuilds = 2;

const raising =
  'INSERT INTO facts (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)';

export interface InboxOptions {
  readonly path: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Told when the file can't be written (any more); once until it is written again. */
  readonly onTrouble: (error: unknown) => void;
  /** Told when everything that had waited in memory is in the file. */
  readonly onSaved: (messages: number) => void;
  /** Told when a damaged file was set aside, and what could be read of it is in a new one. */
  readonly onRebuilt: (rebuilt: Rebuilt) => void;
}

export interface Rebuilt {
  /** Where the damaged file is now. */
  readonly aside: string;
  readonly messages: number;
  /** Whether nothing is missing. */
  readonly isComplete: boolean;
  readonly error: unknown;
}

/** Numbers that are kept beside the messages. */
export type InboxFact =
  /** Seconds since 1970: everything that WhatsApp had before has been journaled. */
  | 'mark'
  /** Seconds since 1970: what is older may have been forgotten. */
  | 'floor'
  /** Seconds since 1970: the oldest message that has come and could not be decrypted yet. */
  | 'undecrypted'
  /** 1 while something may have been missed that is not journaled yet. */
  | 'behind'
  /** Seconds since 1970: until then somebody has listened. */
  | 'heard';

/**
 * The journal of an account's incoming messages, and what has become of each.
 *
 * What can't be written is kept in memory and written by {@link save} once the disk takes it: a message is handled whatever the disk does,
 * and handled again only if the process dies before that.
 */
export class Inbox {
  readonly #options: InboxOptions;
  #file: Database | undefined;
  readonly #statements = new Map<string, Statement>();
  /** Messages as the file is to have them; where a message is here, what the file says of it is out of date. */
  readonly #unsaved = new Map<string, InboxMessage>();
  #lastPlace = 0;
  #rebuilds = 0;
  #isTroubled = false;
  #dataVersion: number | undefined;

  /** Opens the file; where that fails for now, everything is kept in memory until {@link save} succeeds. Throws for a file that no later try can open. */
  constructor(options: InboxOptions) {
    this.#options = options;
    this.#open();
  }

  /** Whether the file is open and has everything. */
  get isSaved(): boolean {
    return this.#file !== undefined && this.#unsaved.size === 0;
  }

  /** Whether it is known what has been handled before: without the file, what the page remembers can't be told from what is new. */
  get isOpen(): boolean {
    return this.#file !== undefined;
  }

  /** Journals a message that has just come. @returns false for one that is known. */
  add(message: ArrivedMessage): boolean {
    if (this.#unsaved.has(message.id)) return false;
    const row = this.#arrived(message, false);
    if (this.#unsaved.size > 0 || this.#file === undefined) {
      if (this.#isInFile(message.id)) return false;
      this.#unsaved.set(row.id, row);
      return true;
    }
    try {
      return this.#run(`${insertion} ON CONFLICT (id) DO NOTHING`, ...toValues(row)) > 0;
    } catch (error) {
      this.#keep(row, error);
      return true;
    }
  }

  /**
   * Journals what a chat has had while nobody listened, as the page has it: all of the chat's messages of that time, oldest first, those
   * that are known with `raw` null. Those of them that nobody has begun with get their places in this order, and what has come since
   * `since` (a {@link lastPlace}) comes after them.
   *
   * @returns how many were new.
   */
  addMissed(
    chat: string,
    messages: readonly (Omit<ArrivedMessage, 'chat' | 'raw'> & { raw: string | null })[],
    since: number,
  ): number {
    const first = this.#lastPlace + 1;
    const rows = messages.map(({ raw, ...message }) => ({
      ...this.#arrived({ ...message, chat, raw: raw ?? '' }, true),
      raw,
    }));
    const fresh = rows.filter((row) => row.raw !== null && !this.#unsaved.has(row.id));
    // As many places as those need that are moved behind these.
    const shift = rows.length + first - since;
    this.#lastPlace += first - since;
    let added = 0;
    const place = (row: InboxMessage): void => {
      if (row.raw !== null) added += this.#run(`${insertion} ON CONFLICT (id) DO NOTHING`, ...toValues(row));
      this.#run("UPDATE messages SET place = ? WHERE id = ? AND state = 'waiting' AND attempts = 0", row.place, row.id);
    };
    const write = (): void => {
      rows.forEach(place);
      this.#run(
        "UPDATE messages SET place = place + ? WHERE chat = ? AND state = 'waiting' AND attempts = 0 AND place > ? AND place < ?",
        shift,
        chat,
        since,
        first,
      );
    };
    try {
      if (!this.isSaved) throw new Error('SQLITE_BUSY: earlier messages wait to be written');
      this.#transaction(write);
      return added;
    } catch (error) {
      const unknown = fresh.filter((row) => !this.#isInFile(row.id));
      for (const row of unknown) this.#keep(row, error);
      return unknown.length;
    }
  }

  /** Of these, the ones that the inbox doesn't know. */
  unknown(ids: readonly string[]): Set<string> {
    const rows = this.#all<{ value: string }>(
      'SELECT value FROM json_each(?) WHERE value NOT IN (SELECT id FROM messages)',
      JSON.stringify(ids),
    );
    const unknown = this.#file === undefined ? ids : rows.map(({ value }) => value);
    return new Set(unknown.filter((id) => !this.#unsaved.has(id)));
  }

  get(id: string): InboxMessage | undefined {
    return this.#unsaved.get(id) ?? this.#all<Row>(`SELECT ${columns} FROM messages WHERE id = ?`, id).map(fromRow)[0];
  }

  /** The next message of each chat that has one. */
  heads(): Head[] {
    const inFile = this.#all<{ chat: string }>("SELECT DISTINCT chat FROM messages WHERE state = 'waiting'");
    const chats = new Set([...inFile, ...this.#unsaved.values()].map(({ chat }) => chat));
    return [...chats].map((chat) => this.head(chat)).filter((head) => head !== undefined);
  }

  /** The next message of a chat. */
  head(chat: string): Head | undefined {
    let head: Head | undefined;
    for (const message of this.#unsaved.values()) {
      if (message.chat !== chat || message.state !== 'waiting') continue;
      if (head === undefined || isBefore(message, head)) head = message;
    }
    // What the file says of a message that has to be written is out of date: as many more rows are looked at.
    const rows = this.#all<Head>(
      "SELECT id, chat, t, place, deaths, next_at AS nextAt FROM messages WHERE state = 'waiting' AND chat = ? ORDER BY t, place LIMIT ?",
      chat,
      this.#unsaved.size + 1,
    );
    const inFile = rows.find(({ id }) => !this.#unsaved.has(id));
    return head === undefined || (inFile !== undefined && isBefore(inFile, head)) ? inFile : head;
  }

  /** Writes down what has become of a message. */
  update(message: InboxMessage): void {
    if (this.#unsaved.size > 0 || this.#file === undefined) {
      this.#unsaved.set(message.id, message);
      return;
    }
    try {
      const { state, raw, attempts, deaths, nextAt, error, settledAt, id } = message;
      this.#run(
        'UPDATE messages SET state = ?, raw = ?, attempts = ?, deaths = ?, next_at = ?, error = ?, settled_at = ? WHERE id = ?',
        state,
        raw,
        attempts,
        deaths,
        nextAt,
        error,
        settledAt,
        id,
      );
    } catch (error) {
      this.#keep(message, error);
    }
  }

  /** Those that were with their handlers when an earlier worker ended without a word. */
  running(): InboxMessage[] {
    return this.#all<Row>(`SELECT ${columns} FROM messages WHERE state = 'running'`)
      .map(fromRow)
      .filter(({ id }) => !this.#unsaved.has(id));
  }

  counts(): InboxCounts {
    const counts = { waiting: 0, running: 0, dead: 0 };
    const rows = this.#all<{ state: keyof InboxCounts; n: number }>(
      "SELECT state, count(*) AS n FROM messages WHERE state IN ('waiting', 'running', 'dead') GROUP BY state",
    );
    for (const { state, n } of rows) counts[state] = n;
    for (const { id, state } of this.#unsaved.values()) {
      const stale = this.#all<{ state: string }>('SELECT state FROM messages WHERE id = ?', id)[0]?.state;
      if (stale !== undefined && stale in counts) counts[stale as keyof InboxCounts] -= 1;
      if (state !== 'done') counts[state] += 1;
    }
    return counts;
  }

  /** The place of the newest message. */
  get lastPlace(): number {
    return this.#lastPlace;
  }

  fact(name: InboxFact): number | undefined {
    return this.#all<{ value: number }>('SELECT value FROM facts WHERE name = ?', name)[0]?.value;
  }

  /** Raises a fact; a lower value changes nothing. Nothing is raised past what the file doesn't have yet. */
  raise(name: InboxFact, value: number): void {
    if (!this.isSaved) return;
    try {
      this.#run(raising, name, value);
    } catch (error) {
      this.#report(error);
    }
  }

  /** Sets a fact to whatever it is now; undefined forgets it. */
  set(name: InboxFact, value: number | undefined): void {
    if (this.#file === undefined) return;
    try {
      if (value === undefined) this.#run('DELETE FROM facts WHERE name = ?', name);
      else
        this.#run(
          'INSERT INTO facts (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
          name,
          value,
        );
    } catch (error) {
      this.#report(error);
    }
  }

  /**
   * Writes what has waited in memory. To be called every now and then.
   *
   * @returns whether the file has everything.
   */
  save(): boolean {
    if (this.isSaved) return true;
    this.#open();
    return this.#file !== undefined && this.#write();
  }

  #write(): boolean {
    const rows = [...this.#unsaved.values()];
    try {
      this.#transaction(() => {
        for (const row of rows) {
          this.#run(
            `${insertion} ON CONFLICT (id) DO UPDATE SET state = excluded.state, raw = excluded.raw, attempts = excluded.attempts, ` +
              'deaths = excluded.deaths, next_at = excluded.next_at, error = excluded.error, settled_at = excluded.settled_at',
            ...toValues(row),
          );
        }
      });
    } catch (error) {
      this.#report(error);
      return false;
    }
    this.#unsaved.clear();
    this.#isTroubled = false;
    this.#options.onSaved(rows.length);
    return true;
  }

  /**
   * Forgets what is done or dead since before `olderThan` (milliseconds since 1970), and beyond `maxBytes` the oldest of what is done; at
   * most so many at once, so that nobody waits for it.
   *
   * @returns whether there is more to forget.
   */
  forget({ olderThan, maxBytes, atOnce }: { olderThan: number; maxBytes: number; atOnce: number }): boolean {
    if (!this.isSaved) return false;
    try {
      const isTooLarge = this.bytes > maxBytes;
      const oldest = this.#all<{ id: string; t: number }>(
        "SELECT id, t FROM messages WHERE settled_at IS NOT NULL AND (settled_at < ? OR (? AND state = 'done')) ORDER BY settled_at LIMIT ?",
        olderThan,
        isTooLarge ? 1 : 0,
        atOnce,
      );
      if (oldest.length > 0) {
        this.#transaction(() => {
          this.#run(
            'DELETE FROM messages WHERE id IN (SELECT value FROM json_each(?))',
            JSON.stringify(oldest.map(({ id }) => id)),
          );
          this.#run(raising, 'floor', Math.max(...oldest.map(({ t }) => t)));
        });
      }
      // A page a row at most, so that a step is as short as the one before.
      this.#file?.pragma(`incremental_vacuum(${atOnce})`);
      return oldest.length === atOnce;
    } catch (error) {
      this.#report(error);
      return false;
    }
  }

  /** Whether another process may have written to the file since this was asked last: after each opening it may. */
  hasChangedOutside(): boolean {
    const [row] = (this.#file?.pragma('data_version') ?? []) as { data_version: number }[];
    const before = this.#dataVersion;
    this.#dataVersion = row?.data_version;
    return row !== undefined && before !== row.data_version;
  }

  /** How much of the file is in use. */
  get bytes(): number {
    const pragma = (name: string): number =>
      Number(Object.values((this.#file?.pragma(name) as object[] | undefined)?.[0] ?? { n: 0 })[0]);
    return (pragma('page_count') - pragma('freelist_count')) * pragma('page_size');
  }

  close(): void {
    this.save();
    try {
      // The binding leaves its connection open until the garbage collector comes by, and the write-ahead log with it.
      this.#file?.pragma('wal_checkpoint(TRUNCATE)');
    } catch {
      // What is in the log is read from there.
    }
    this.#closeFile();
  }

  #open(): void {
    if (this.#file !== undefined) return;
    try {
      this.#file = openInboxFile(this.#options.path);
      const [newest] = this.#all<{ place: number | null }>('SELECT max(place) AS place FROM messages');
      this.#lastPlace = Math.max(this.#lastPlace, newest?.place ?? 0);
    } catch (error) {
      this.#closeFile();
      this.#report(error, classifyInboxError(error), { reopen: false });
    }
  }

  /** Sets a damaged file aside and goes on in a new one, with what could be read of the old. */
  #rebuild(error: unknown): void {
    const { path, now } = this.#options;
    this.#closeFile();
    const found = salvage(path, now());
    try {
      const aside = setInboxAside(path, new Date(now()));
      this.#rebuilds += 1;
      this.#file = openInboxFile(path);
      // What is waiting in memory is newer.
      for (const message of found.messages) {
        if (!this.#unsaved.has(message.id)) this.#unsaved.set(message.id, message);
        this.#lastPlace = Math.max(this.#lastPlace, message.place);
      }
      this.#options.onRebuilt({ aside, messages: found.messages.length, isComplete: found.isComplete, error });
      if (!this.#write()) return;
      for (const { name, value } of found.facts) this.raise(name as InboxFact, value);
      // Until then the old file was written, so that what is older has been journaled.
      if (this.fact('mark') === undefined) this.raise('mark', Math.floor(found.writtenAt / 1_000));
    } catch (failure) {
      this.#report(failure, 'unwritable', { reopen: false });
    }
  }

  #closeFile(): void {
    this.#statements.clear();
    // Its number means nothing to the next connection.
    this.#dataVersion = undefined;
    const file = this.#file;
    this.#file = undefined;
    try {
      file?.close();
    } catch {
      // A damaged one may not close in peace; its descriptors go with the process.
    }
  }

  #arrived(message: ArrivedMessage, backfilled: boolean): InboxMessage {
    this.#lastPlace += 1;
    return {
      ...message,
      place: this.#lastPlace,
      state: 'waiting',
      backfilled,
      attempts: 0,
      deaths: 0,
      nextAt: null,
      error: null,
      receivedAt: this.#options.now(),
      settledAt: null,
    };
  }

  #keep(message: InboxMessage, error: unknown): void {
    this.#unsaved.set(message.id, message);
    this.#report(error);
  }

  #report(error: unknown, trouble = classifyInboxError(error), { reopen = true } = {}): void {
    if (trouble === undefined) throw error;
    if (trouble === 'damaged' && this.#rebuilds < maxRebuilds) {
      this.#rebuild(error);
      return;
    }
    // A statement that has failed stays begun in this binding, and no transaction ends beside it: another connection has none.
    if (reopen) {
      this.#closeFile();
      this.#open();
    }
    if (this.#isTroubled) return;
    this.#isTroubled = true;
    this.#options.onTrouble(error);
  }

  #isInFile(id: string): boolean {
    return this.#all('SELECT 1 FROM messages WHERE id = ?', id).length > 0;
  }

  #statement(sql: string): Statement | undefined {
    const known = this.#statements.get(sql);
    if (known !== undefined || this.#file === undefined) return known;
    const statement = this.#file.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #run(sql: string, ...parameters: unknown[]): number {
    const statement = this.#statement(sql);
    if (statement === undefined) throw new Error('SQLITE_CANTOPEN: the inbox is not open');
    return statement.run(...parameters).changes;
  }

  #all<Result>(sql: string, ...parameters: unknown[]): Result[] {
    try {
      return (this.#statement(sql)?.all(...parameters) ?? []) as Result[];
    } catch (error) {
      if (classifyInboxError(error) !== 'damaged' || this.#rebuilds >= maxRebuilds) throw error;
      this.#rebuild(error);
      return (this.#statement(sql)?.all(...parameters) ?? []) as Result[];
    }
  }

  #transaction(work: () => void): void {
    this.#file?.exec('BEGIN IMMEDIATE');
    try {
      work();
      this.#file?.exec('COMMIT');
    } catch (error) {
      if (this.#file?.inTransaction === true) this.#file.exec('ROLLBACK');
      throw error;
    }
  }
}
