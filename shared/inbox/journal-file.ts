import { existsSync, renameSync } from 'node:fs';

import { WasupError } from '../errors.js';
import { InboxConnection } from './connection.js';
import { setFact } from './facts.js';
import { classifyInboxError, DamagedInboxError, type Database } from './inbox-file.js';
import type { InboxMessage } from './inbox-message.js';
import { deathWhileReading, ReadMarker } from './read-marker.js';
import { removeTarget, rescue, type Rescued } from './rescue.js';
import { fromRow, isRow, toValues } from './rows.js';
import { newestWrite, openDamaged } from './salvage.js';
import { setInboxAside } from './set-aside.js';
import { statements } from './statements.js';
import type { Unsaved } from './unsaved.js';

/** A file that is damaged again and again lies on a disk that can't be trusted: after so many everything stays in memory. */
const maxRebuilds = 2;
/** Messages that are written from memory in one transaction. */
const savedAtOnce = 200;
/** Milliseconds: what a rescue and what writing from memory may take before the event loop turns, and what each turn of a rescue may. */
const defaultPatience = { first: 300, slice: 30, end: 5_000 };

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
  /** Milliseconds that the event loop is kept waiting: at first, by each step after that, and at the end. */
  readonly patience?: typeof defaultPatience;
}

export interface Rebuilt {
  /** Where the damaged file is now. */
  readonly aside: string;
  readonly messages: number;
  /** Whether nothing is missing. */
  readonly isComplete: boolean;
  readonly error: unknown;
}

/** A rescue that is going on: the file is closed meanwhile. */
interface Rescuing {
  readonly steps: Generator<undefined, Rescued>;
  readonly finish: (rescued: Rescued) => void;
  timer: NodeJS.Immediate | undefined;
}

/** An inbox's file, which is opened, opened anew or rebuilt as its troubles ask for; what has to wait for that is in {@link Unsaved}. */
export class JournalFile {
  readonly #options: JournalFileOptions;
  readonly #unsaved: Unsaved;
  readonly #patience: typeof defaultPatience;
  /** What an earlier worker was at with the file when a signal ended it. */
  readonly #death: ReturnType<typeof deathWhileReading>;
  readonly #marker: ReadMarker;
  #connection: InboxConnection | undefined;
  #rescuing: Rescuing | undefined;
  #rebuilds = 0;
  #isTroubled = false;
  #fault: unknown;
  #openings = 0;
  #isPlaced = false;
  #lastPlace = 0;
  /** Messages that were written from memory since the file was behind. */
  #saved = 0;

  constructor(options: JournalFileOptions, unsaved: Unsaved) {
    this.#options = options;
    this.#unsaved = unsaved;
    this.#patience = options.patience ?? defaultPatience;
    this.#death = deathWhileReading(options.path);
    this.#marker = new ReadMarker(options.path);
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

  takePlace(): number {
    return (this.#lastPlace += 1);
  }

  /** The same as {@link open}. @throws WasupError for a file that no later try can open. */
  openFirst(): boolean {
    if (this.#death !== undefined && existsSync(this.#options.path)) {
      return this.#rebuild(
        new DamagedInboxError('a worker was ended by a fault of native code while it read the inbox'),
        this.#death === 'reading',
      );
    }
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
    if (this.#rescuing !== undefined) return false;
    try {
      takeRescued(this.#options.path);
      this.#connection = new InboxConnection(this.#options.path, this.#marker);
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
    return this.#read((connection) => connection.all<Result>(sql, ...parameters));
  }

  /** The same for whole messages. One that wasup can't have written is damage. */
  readMessages(sql: string, ...parameters: unknown[]): InboxMessage[] {
    return this.#read((connection) =>
      connection.all(sql, ...parameters).map((row) => {
        if (isRow(row)) return fromRow(row);
        throw new DamagedInboxError(`a message in ${this.#options.path} makes no sense`);
      }),
    );
  }

  #read<Result>(work: (connection: InboxConnection) => Result[]): Result[] {
    for (let failures = 0; this.#connection !== undefined; failures += 1) {
      try {
        return work(this.#connection);
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

  /** Sets the file aside and goes on in a new one: what it says at one place contradicts what it says at another. */
  distrust(reason: string): void {
    if (this.#connection !== undefined) this.#mend(new DamagedInboxError(reason));
  }

  /** Writes what has waited in memory, as much as time allows. @returns whether the file has everything. */
  save(patienceMs = this.#patience.first): boolean {
    if (!this.open()) return false;
    if (this.#unsaved.isEmpty && this.#fault === undefined && this.#saved === 0) return true;
    const until = performance.now() + patienceMs;
    do {
      const portion = this.#unsaved.first(savedAtOnce);
      const isLast = portion.length === this.#unsaved.count;
      if (!this.#writePortion(portion, isLast) && !this.#writeOneByOne(portion)) return false;
      if (isLast && this.#unsaved.isEmpty) {
        const messages = this.#saved;
        this.#saved = 0;
        if (messages > 0) this.#options.onSaved(messages);
        return true;
      }
    } while (performance.now() < until);
    return false;
  }

  /** @param isLast whether the facts are written, too: they say what the file has. */
  #writePortion(portion: readonly InboxMessage[], isLast: boolean): boolean {
    const isWritten = this.write((connection) =>
      connection.transaction(() => {
        for (const message of portion) connection.run(statements.upsert, ...toValues(message));
        if (isLast) for (const [name, value] of this.#unsaved.facts) setFact(connection, name, value);
        return true;
      }),
    );
    if (isWritten !== true) return false;
    this.#saved += portion.length;
    this.#unsaved.drop(portion);
    if (isLast) this.#unsaved.dropFacts();
    return true;
  }

  /** One that can't be written for a reason of its own doesn't keep the others from the file. @returns whether all are written. */
  #writeOneByOne(portion: readonly InboxMessage[]): boolean {
    let fault = this.#fault;
    if (fault === undefined) return false;
    for (const message of portion) {
      this.#fault = undefined;
      if (this.#writePortion([message], false)) continue;
      // It is the disk after all.
      if (this.#fault === undefined) return false;
      fault = this.#fault;
      this.#unsaved.postpone(message);
    }
    this.#fault = this.#unsaved.isEmpty ? undefined : fault;
    return this.#unsaved.isEmpty;
  }

  /** Looks whether it is still where it was opened. What is in one that was removed goes with this process: it is written into a new one. */
  checkPlace(): void {
    const connection = this.#connection;
    if (connection === undefined || connection.isInPlace) return;
    const { path, now } = this.#options;
    const rest = connection.filesInPlace();
    this.#connection = undefined;
    this.#complain(new Error(`${path} was removed or replaced while it was in use`));
    let isFree = true;
    try {
      // SQLite would take them for parts of the new one.
      if (rest.length > 0) setInboxAside(path, new Date(now()), rest);
    } catch (error) {
      isFree = false;
      this.#complain(error);
    }
    // Read through the connection that is open: another one would not find it any more.
    this.#beginRescue(connection.database, isFree ? path : undefined, (rescued) => {
      this.#unsaved.keepFound([], rescued.facts);
      if (rescued.isWritten) this.#saved += rescued.messages;
      if (isFree) this.save();
    });
  }

  /** Writes what has waited, also what is being rescued, as far as time allows. */
  close(): void {
    this.#advanceRescue(this.#patience.end);
    if (this.#rescuing !== undefined) clearImmediate(this.#rescuing.timer);
    this.save(this.#patience.end);
    this.#connection?.checkpoint();
    this.#shut();
    this.#marker.close();
  }

  #noteOpened(newest: number): void {
    this.#openings += 1;
    this.#noteTaken(newest);
    const { unchecked } = this.#unsaved;
    if (unchecked.length === 0) return;
    const known = this.read<Pick<InboxMessage, 'id' | 'state'>>(statements.known, JSON.stringify(unchecked));
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
    if (trouble === 'damaged') this.#shut();
    this.#complain(error);
    return false;
  }

  /**
   * Sets a damaged file aside and goes on in a new one, with what could be read of the old. What takes longer goes on between other things;
   * the file counts as one that can't be opened yet until then.
   *
   * @param isToBeRead false for one that has ended even the process that rescued it.
   * @returns whether that is done.
   */
  #rebuild(error: unknown, isToBeRead = true): boolean {
    const { path, now } = this.#options;
    this.#shut();
    this.#rebuilds += 1;
    const writtenAt = Math.min(now(), newestWrite(path) ?? now());
    const target = `${path}${rescuedSuffix}`;
    let source: Database | undefined;
    try {
      removeTarget(target);
      if (isToBeRead) source = this.#marker.during('rescuing', () => openDamaged(path));
    } catch {
      // There is nothing to be read of it.
    }
    this.#beginRescue(source, target, (rescued) => {
      this.#unsaved.keepFound([], rescued.facts);
      // Until then the old file was written, so that what is older has been journaled.
      const hasMark = this.#unsaved.hasFact('mark');
      if (!hasMark) this.#unsaved.keepFact('mark', Math.floor(writtenAt / 1_000));
      this.#replace(rescued, error);
    });
    return this.#connection !== undefined;
  }

  /** Puts a new file in the place of the damaged one. */
  #replace({ messages, isComplete, isWritten }: Rescued, error: unknown): void {
    const { path, now, onRebuilt } = this.#options;
    let aside: string;
    try {
      aside = setInboxAside(path, new Date(now()));
    } catch (failure) {
      this.#complain(failure);
      return;
    }
    // With none in its place it is taken when the file is opened.
    if (!isWritten) removeTarget(`${path}${rescuedSuffix}`);
    this.save();
    onRebuilt({ aside, messages, isComplete, error });
  }

  #beginRescue(source: Database | undefined, target: string | undefined, finish: (rescued: Rescued) => void): void {
    const steps = rescue({
      source,
      target,
      keep: (messages) => {
        this.#noteTaken(messages.reduce((newest, { place }) => Math.max(newest, place), 0));
        this.#unsaved.keepFound(messages, []);
      },
    });
    this.#rescuing = { steps, finish, timer: undefined };
    this.#advanceRescue(this.#patience.first);
  }

  #advanceRescue(patienceMs: number): void {
    const rescuing = this.#rescuing;
    if (rescuing === undefined) return;
    const until = performance.now() + patienceMs;
    for (;;) {
      const step = this.#marker.during('rescuing', () => rescuing.steps.next());
      if (step.done === true) {
        this.#rescuing = undefined;
        rescuing.finish(step.value);
        return;
      }
      if (performance.now() >= until) break;
    }
    clearImmediate(rescuing.timer);
    rescuing.timer = setImmediate(() => this.#advanceRescue(this.#patience.slice)).unref();
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

const rescuedSuffix = '.rescued';

/** Takes a rescued file whose damaged original is set aside: the worker that has rescued it was killed in between. */
function takeRescued(path: string): void {
  const rescued = `${path}${rescuedSuffix}`;
  if (!existsSync(rescued)) return;
  if (!existsSync(path)) renameSync(rescued, path);
  // Or what is left of it: the binding may not have closed it yet.
  removeTarget(rescued);
}
