import { InboxConnection } from './connection.js';
import { WasupError } from '../errors.js';
import { setFact } from './facts.js';
import { classifyInboxError } from './inbox-file.js';
import { fromRow, type Row, toValues } from './rows.js';
import { salvage } from './salvage.js';
import { columns, upsert } from './schema.js';
import { setInboxAside } from './set-aside.js';
import type { Unsaved } from './unsaved.js';

/** A file that is damaged again and again lies on a disk that can't be trusted: after so many everything stays in memory. */
const maxRebuilds = 2;

export interface JournalFileOptions {
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

/** An inbox's file, which is opened, opened anew or rebuilt as its troubles ask for; what has to wait for that is in {@link Unsaved}. */
export class JournalFile {
  readonly #options: JournalFileOptions;
  readonly #unsaved: Unsaved;
  #connection: InboxConnection | undefined;
  #rebuilds = 0;
  #isTroubled = false;
  #fault: unknown;
  #openings = 0;
  #isPlaced = false;
  #lastPlace = 0;

  constructor(options: JournalFileOptions, unsaved: Unsaved) {
    this.#options = options;
    this.#unsaved = unsaved;
  }

  get isOpen(): boolean {
    return this.#connection !== undefined;
  }

  /** What it has failed with that is neither damage nor a disk that takes nothing, until something is written again. */
  get fault(): unknown {
    return this.#fault;
  }

  /** How often it was opened: each time it may hold something else than before. */
  get openings(): number {
    return this.#openings;
  }

  /** The place of the newest message. */
  get lastPlace(): number {
    return this.#lastPlace;
  }

  takePlaces(count: number): number {
    return (this.#lastPlace += count);
  }

  /** The same as {@link open}. @throws WasupError for a file that no later try can open. */
  openFirst(): boolean {
    return this.#open((error) => {
      if (error instanceof WasupError) throw error;
    });
  }

  /** @returns whether it is open. */
  open(): boolean {
    return this.#open(() => undefined);
  }

  #open(refuse: (error: unknown) => void): boolean {
    if (this.#connection !== undefined) return true;
    try {
      this.#connection = new InboxConnection(this.#options.path);
    } catch (error) {
      refuse(error);
      this.#mend(error);
      return this.isOpen;
    }
    this.#noteOpened(this.#connection.lastPlace);
    return this.isOpen;
  }

  /** @returns nothing while it can't be read; {@link isOpen} says so afterwards. */
  read<Result>(sql: string, ...parameters: unknown[]): Result[] {
    for (let failures = 0; this.#connection !== undefined; failures += 1) {
      try {
        return this.#connection.all<Result>(sql, ...parameters);
      } catch (error) {
        // What can't be read twice isn't taken for empty.
        if (!this.#mend(error) && failures > 0) this.#shut();
      }
    }
    return [];
  }

  /** @returns what `work` does, which is done again in a rebuilt file; undefined when nothing could be written. */
  write<Result>(work: (connection: InboxConnection) => Result): Result | undefined {
    while (this.#connection !== undefined) {
      try {
        const result = work(this.#connection);
        this.#isTroubled = false;
        this.#fault = undefined;
        return result;
      } catch (error) {
        if (!this.#mend(error)) return undefined;
      }
    }
    return undefined;
  }

  /** Writes what has waited in memory. @returns whether the file has everything. */
  save(): boolean {
    if (!this.open()) return false;
    if (this.#unsaved.isEmpty && this.#fault === undefined) return true;
    const written = this.write((connection) =>
      connection.transaction(() => {
        const { messages, facts } = this.#unsaved;
        for (const message of messages) connection.run(upsert, ...toValues(message));
        for (const [name, value] of facts) setFact(connection, name, value);
        return messages.length;
      }),
    );
    if (written === undefined) return false;
    this.#unsaved.clear();
    if (written > 0) this.#options.onSaved(written);
    return true;
  }

  /** Looks whether it is still where it was opened. What is in one that was removed goes with this process: it is written into a new one. */
  checkPlace(): void {
    const connection = this.#connection;
    if (connection === undefined || connection.isInPlace) return;
    const messages = this.read<Row>(`SELECT ${columns} FROM messages`).map(fromRow);
    const facts = this.read<{ name: string; value: number }>('SELECT name, value FROM facts');
    // It turned out to be damaged as well.
    if (this.#connection !== connection) return;
    this.#unsaved.keepFound(messages, facts);
    const { path, now } = this.#options;
    const rest = connection.filesInPlace();
    this.#shut();
    this.#complain(new Error(`${path} was removed or replaced while it was in use`));
    try {
      // SQLite would take them for parts of the new one.
      if (rest.length > 0) setInboxAside(path, new Date(now()), rest);
    } catch (error) {
      this.#complain(error);
      return;
    }
    this.save();
  }

  close(): void {
    this.#connection?.checkpoint();
    this.#shut();
  }

  #noteOpened(newest: number): void {
    this.#openings += 1;
    this.#noteTaken(newest);
    const { unchecked } = this.#unsaved;
    if (unchecked.length === 0) return;
    const known = this.read<Row>(
      'SELECT id, state FROM messages WHERE id IN (SELECT value FROM json_each(?))',
      JSON.stringify(unchecked),
    );
    if (this.isOpen) this.#unsaved.check(known);
  }

  #noteTaken(newest: number): void {
    if (!this.#isPlaced) {
      // What has come until now didn't know of these, and came after them.
      this.#unsaved.moveBehind(newest);
      this.#lastPlace += newest;
    }
    this.#isPlaced = true;
    this.#lastPlace = Math.max(this.#lastPlace, newest);
  }

  /** @returns whether there is a new file, with all that was saved of the old one, in which the same may be tried again. */
  #mend(error: unknown): boolean {
    const trouble = classifyInboxError(error);
    // A mistake of ours, say. Messages are kept in memory whatever it is.
    if (trouble === undefined) this.#fault = error;
    if (trouble === 'damaged' && this.#rebuilds < maxRebuilds) return this.#rebuild(error);
    this.#complain(error);
    return false;
  }

  /** Sets a damaged file aside and goes on in a new one, with what could be read of the old. */
  #rebuild(error: unknown): boolean {
    const { path, now, onRebuilt } = this.#options;
    this.#shut();
    const found = salvage(path, now());
    this.#keepFound(found);
    let aside: string;
    try {
      aside = setInboxAside(path, new Date(now()));
    } catch (failure) {
      this.#complain(failure);
      return false;
    }
    this.#rebuilds += 1;
    const isSaved = this.save();
    onRebuilt({ aside, messages: found.messages.length, isComplete: found.isComplete, error });
    return isSaved;
  }

  #keepFound({ messages, facts, writtenAt }: ReturnType<typeof salvage>): void {
    this.#noteTaken(messages.reduce((newest, { place }) => Math.max(newest, place), 0));
    this.#unsaved.keepFound(messages, facts);
    // Until then the old file was written, so that what is older has been journaled.
    if (!this.#unsaved.hasFact('mark')) this.#unsaved.keepFact('mark', Math.floor(writtenAt / 1_000));
  }

  #shut(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }

  #complain(error: unknown): void {
    if (this.#isTroubled) return;
    this.#isTroubled = true;
    this.#options.onTrouble(error);
  }
}
