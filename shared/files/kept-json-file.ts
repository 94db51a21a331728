import { basename } from 'node:path';

import type { Alert } from '../alerts.js';
import { describeError, WasupError } from '../errors.js';
import { type JsonFileKind, peekJsonFile, readJsonFile, updateJsonFile } from './json-file.js';

/** Changes that wait for a disk to take them; a session makes some dozen in an hour. */
const maxPending = 500;

export interface KeptFileOptions {
  /** Told when the file was rebuilt, each time, and when it can't be written, once until it can. */
  readonly onTrouble: (alert: Alert) => void;
  /** Told when the file can be written again, or was completed. */
  readonly onNews?: (sentence: string) => void;
  /** Milliseconds between tries to write what couldn't be written. Default: 5000. */
  readonly retryMs?: number;
  /**
   * Whether the file has to be true on a full disk, too: it is written into a reserve then, and anew when there is
   * room.
   */
  readonly hasReserve?: boolean;
  readonly now?: () => Date;
}

/**
 * A file of an account as a process keeps it that needs it: with a memory. A file that is missing, damaged or another
 * account's is rebuilt from what was last known of it; what can't be written is kept, and written when it can be.
 * Nothing here rejects because of a disk.
 */
export class KeptJsonFile<Value> {
  readonly #path: string;
  readonly #plainKind: JsonFileKind<Value>;
  /** The same, with what is remembered instead of what is lost. */
  readonly #kind: JsonFileKind<Value>;
  readonly #options: KeptFileOptions;
  readonly #retryMs: number;
  /** What the file last held, as far as this process knows. */
  #memory: Value | undefined;
  #pending: ((value: Value) => Value)[] = [];
  #isUnwritable = false;
  /** The file has all that it should, in its reserve: the disk takes nothing else. */
  #isInReserve = false;
  /** What the newest look found: that there never was a file, or one that had to be rebuilt. */
  #found = { isNew: false, isRebuilt: false };
  /** What is told of a rebuild once it is in the file: another process may be the first to write it, and tell of it. */
  #toTell: { readonly how: string; readonly why: string } | undefined;
  #completionIsTold = false;
  #retryTimer: NodeJS.Timeout | undefined;
  #isClosed = false;
  /** The newest piece of work; each waits for those before it. */
  #work: Promise<unknown> = Promise.resolve();

  constructor(path: string, kind: JsonFileKind<Value>, options: KeptFileOptions) {
    this.#path = path;
    this.#options = options;
    this.#retryMs = options.retryMs ?? 5_000;
    this.#plainKind = kind;
    this.#kind = {
      ...kind,
      create: () => this.#recall(kind.create(), undefined),
      lost: (damage) => this.#recall(kind.lost?.(damage) ?? kind.create(), damage),
      salvage: (content) => {
        const { value, damage } = kind.salvage(content);
        this.#toTell = undefined;
        return { value: damage === undefined ? this.#complete(value) : this.#recall(value, damage), damage };
      },
      ...(options.hasReserve === true && { onReserveUsed: (error: WasupError) => this.#noteReserveUsed(error) }),
    };
  }

  /** What the file holds, with what couldn't be written yet. A file that is missing or damaged is mended. */
  async read(): Promise<Value> {
    await this.verify();
    return this.#present();
  }

  /**
   * Resolves when it is written, or known that it can't be.
   *
   * @throws what `apply` throws.
   */
  async change(apply: (value: Value) => Value): Promise<void> {
    // A change that makes no sense makes none later either: that is the caller's bug.
    apply(this.#present());
    this.#pending = [...this.#pending, apply].slice(-maxPending);
    return this.#inTurn(() => this.#write());
  }

  /**
   * Looks whether the file is there and true, and mends it where it isn't.
   *
   * @param correct gives what the file should hold, or its argument when that is true.
   */
  verify(correct: (value: Value) => Value = (value) => value): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#pending.length > 0) return this.#write();
      const isToBeWritten = await this.#look();
      const found = this.#present();
      const isTrue = correct(found) === found;
      // A change that came while we looked says better what is true now.
      if (this.#isPending() || (isTrue && !isToBeWritten)) return;
      this.#pending.push(correct);
      if (!isTrue) this.#tellRepaired('corrected', 'what it said was not true');
      await this.#write();
    });
  }

  /** Remembers what another process has written. A file that is missing or damaged is left to that process. */
  learn(): Promise<void> {
    return this.#inTurn(async () => {
      const found = await peekJsonFile(this.#path, this.#plainKind).catch(() => undefined);
      if (found?.exists === true && found.damage === undefined) this.#memory = found.value;
    });
  }

  /** Resolves when everything is written that can be. */
  async settled(): Promise<void> {
    await this.#work;
  }

  /** What is known now, without looking; undefined before the first look. */
  get latest(): Value | undefined {
    return this.#memory === undefined && this.#pending.length === 0 ? undefined : this.#present();
  }

  /** Tries no more by itself. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retryTimer);
  }

  /** Resolves with whether the file had to be rebuilt and isn't written yet. */
  async #look(): Promise<boolean> {
    this.#found = { isNew: false, isRebuilt: false };
    let isMended = false;
    try {
      const read = await readJsonFile(this.#path, this.#kind, this.#now());
      isMended = read.isMended;
      if (!this.#found.isNew) this.#memory = read.value;
      // The next lack is another one.
      this.#completionIsTold &&= this.#found.isRebuilt && !isMended;
      if (isMended) this.#tellRebuilt();
      if (!this.#isPending() && !this.#isInReserve) this.#tellRecovered();
    } catch (error) {
      this.#tellUnwritable(error);
    }
    return this.#found.isRebuilt && !isMended;
  }

  async #write(): Promise<void> {
    const taken = this.#pending;
    if (taken.length === 0 && !this.#isInReserve) return;
    this.#pending = [];
    this.#isInReserve = false;
    try {
      this.#memory = await updateJsonFile(this.#path, this.#kind, this.#now(), (value) => applyAll(value, taken));
      this.#completionIsTold = false;
      this.#tellRebuilt();
      if (!this.#wasReserveUsed()) this.#tellRecovered();
    } catch (error) {
      // Anything else is a bug that would come again with each try.
      if (error instanceof WasupError) this.#pending = [...taken, ...this.#pending].slice(-maxPending);
      this.#tellUnwritable(error);
    }
  }

  /** What stands for a file of which `rest` is all that can be had. */
  #recall(rest: Value, damage: string | undefined): Value {
    // A new account has no file yet.
    if (damage === undefined && this.#memory === undefined) {
      this.#found.isNew = true;
      return rest;
    }
    this.#found.isRebuilt = true;
    this.#toTell = {
      how: this.#memory === undefined ? 'set aside and rebuilt' : 'rebuilt from memory',
      why: damage === undefined ? 'it was missing' : `it was damaged (${damage})`,
    };
    if (this.#memory === undefined) return rest;
    return this.#kind.complete?.(rest, this.#memory) ?? this.#memory;
  }

  /** Another process may have made the file anew that knew less of it, or a person has cut something out. */
  #complete(found: Value): Value {
    const whole = this.#memory === undefined ? found : (this.#kind.complete?.(found, this.#memory) ?? found);
    if (whole === found) return found;
    this.#found.isRebuilt = true;
    // Who made it anew has told of the damage.
    if (!this.#completionIsTold)
      this.#options.onNews?.(`${basename(this.#path)} lacked something that is remembered; it is added.`);
    this.#completionIsTold = true;
    return whole;
  }

  #present(): Value {
    return applyAll(this.#memory ?? this.#kind.create(), this.#pending);
  }

  #isPending(): boolean {
    return this.#pending.length > 0;
  }

  #tellRebuilt(): void {
    const rebuilt = this.#toTell;
    this.#toTell = undefined;
    if (rebuilt !== undefined) this.#tellRepaired(rebuilt.how, rebuilt.why);
  }

  #tellRepaired(how: string, why: string): void {
    const sentence = `${basename(this.#path)} was ${how}: ${why}.`;
    this.#options.onTrouble({ kind: 'records-repaired', sentence, action: null });
  }

  #noteReserveUsed(error: WasupError): void {
    this.#isInReserve = true;
    this.#tellUnwritable(error, "what belongs there is in the file's reserve");
  }

  #wasReserveUsed(): boolean {
    return this.#isInReserve;
  }

  #tellUnwritable(error: unknown, where = 'what belongs there is kept in memory'): void {
    clearTimeout(this.#retryTimer);
    if (!this.#isClosed)
      this.#retryTimer = setTimeout(() => void this.#inTurn(() => this.#write()), this.#retryMs).unref();
    if (this.#isUnwritable) return;
    this.#isUnwritable = true;
    this.#options.onTrouble({
      kind: 'records-unwritable',
      sentence: `${describeError(error)}; ${where}, and the session goes on.`,
      action: error instanceof WasupError ? error.remedy : 'Please report this as a bug.',
    });
  }

  #tellRecovered(): void {
    if (!this.#isUnwritable) return;
    this.#isUnwritable = false;
    this.#options.onNews?.(`${basename(this.#path)} can be written again; what was kept is in it.`);
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#work.then(work);
    this.#work = result.catch(() => undefined);
    return result;
  }

  #now(): Date {
    return this.#options.now?.() ?? new Date();
  }
}

function applyAll<Value>(value: Value, changes: readonly ((value: Value) => Value)[]): Value {
  return changes.reduce((present, change) => change(present), value);
}
