import type { Alert } from '../shared/alerts.js';
import { type DeviceStatus, deviceStatusFile } from '../shared/device-status.js';
import { describeError } from '../shared/errors.js';
import { identifyFile } from '../shared/files/file-identity.js';
import { peekJsonFile } from '../shared/files/json-file.js';
import type { Logger } from '../shared/logger.js';
import type { StatusKeeper } from '../shared/status-keeper.js';
import { judgeStatus, type KnownOfAccount, type StatusVerdict } from './judge-status.js';
import { StatusPatience } from './status-patience.js';
import { watchStatusFile } from './watch-status-files.js';

export interface StatusWitnessOptions {
  readonly path: string;
  readonly number: string;
  readonly keeper: StatusKeeper;
  readonly log: Pick<Logger, 'debug' | 'warn'>;
  /** Milliseconds between regular looks. */
  readonly intervalMs: number;
  /** What is true; undefined while that is changing. */
  readonly known: () => (KnownOfAccount & { readonly hasWriter: boolean }) | undefined;
  readonly raise: (alert: Alert) => void;
  /** Does a piece of work after those that were begun before: our own writes are in the file when it is looked at. */
  readonly inTurn: (work: () => Promise<unknown>) => void;
  /** Default: {@link watchStatusFile}. */
  readonly watch?: typeof watchStatusFile;
}

/** Two looks of this length are the worker's grace: more than the 5 s after which it looks by default. */
const longestLookMs = 3_000;
/** A write takes its time on a busy disk. */
const shortestLookMs = 500;

/** Where only we write: what we are about to write is in the file at the second look. */
const ownGraceMs = 200;

/** A session that comes up writes some ten times; a look for each is not needed. */
const settleMs = 100;

/**
 * Holds an account's status file against what the supervisor knows: a second witness, which is right to be believed only as long as both
 * say the same. Looks from time to time, and at once when the file changes.
 */
export class StatusWitness {
  readonly #options: StatusWitnessOptions;
  readonly #lookMs: number;
  readonly #patience: StatusPatience;
  #isOpen = false;
  #isLooking = false;
  #regular: NodeJS.Timeout | undefined;
  #soon: NodeJS.Timeout | undefined;
  #first: NodeJS.Timeout | undefined;
  /** The watcher has told a change since the look that is due was asked for. */
  #hasChangedSince = false;
  #unwatch: Promise<() => Promise<void>> | undefined;
  /** The file and the situation that were found to agree at last. */
  #agreed = '';

  constructor(options: StatusWitnessOptions) {
    this.#options = options;
    this.#lookMs = Math.max(shortestLookMs, Math.min(options.intervalMs, longestLookMs));
    this.#patience = new StatusPatience({ writerGraceMs: 2 * this.#lookMs, graceMs: ownGraceMs });
  }

  open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#regular = setInterval(() => this.look(true), this.#options.intervalMs).unref();
    // What changes before the watch is in place is told by nobody.
    this.#first = setTimeout(() => this.look(), this.#lookMs).unref();
    const { path, log, watch = watchStatusFile } = this.#options;
    this.#unwatch = watch(path, () => this.#noteChange()).catch((error: unknown) => {
      log.warn(`${path} can't be watched, and is looked at from time to time: ${describeError(error)}`);
      return () => Promise.resolve();
    });
  }

  /** No look comes any more; the one that is under way ends. */
  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    clearInterval(this.#regular);
    clearTimeout(this.#soon);
    clearTimeout(this.#first);
    await (
      await this.#unwatch
    )?.();
  }

  look(isRegular = false): void {
    if (!this.#isOpen) return;
    if (this.#isLooking) {
      // The one that is under way may have seen the file before it changed.
      this.#lookIn(settleMs);
      return;
    }
    this.#isLooking = true;
    this.#options.inTurn(() => this.#judge(isRegular).finally(() => (this.#isLooking = false)));
  }

  async #judge(isRegular: boolean): Promise<void> {
    const { path, keeper, known } = this.#options;
    const now = known();
    if (now === undefined || !this.#isOpen) return;
    const { hasWriter, ...situation } = now;
    const situationKey = JSON.stringify(situation);
    const key = `${identifyFile(path)} ${situationKey}`;
    if (key === this.#agreed) return;
    const verdict = await this.#look(situation);
    const circumstances = { hasWriter, situation: situationKey, isRegular, nowMs: performance.now() };
    const answer = this.#patience.answer(verdict, circumstances);
    if (verdict.kind === 'true') {
      this.#agreed = key;
      await keeper.learn();
      return;
    }
    if (answer === 'repair') await this.#repair(verdict, hasWriter);
    // Also after a repair: who writes in the same moment may be seen by no watcher, since both are one change to it.
    if (answer === 'repair' || answer === 'look-again') this.#lookIn(hasWriter ? this.#lookMs : ownGraceMs);
    else if (answer === 'give-up') this.#giveUp();
  }

  async #look(situation: KnownOfAccount): Promise<StatusVerdict> {
    const { path, number, keeper } = this.#options;
    const found = await peekJsonFile(path, deviceStatusFile(number)).catch(() => undefined);
    // A disk that can't be read from is the keeper's trouble, which tells it.
    if (found === undefined) return { kind: 'damaged' };
    // A new account has no file yet.
    if (!found.exists) return { kind: keeper.latest === undefined ? 'true' : 'missing' };
    return judgeStatus(found.damage === undefined ? found.value : 'damaged', situation);
  }

  async #repair(verdict: Exclude<StatusVerdict, { kind: 'true' }>, hasWriter: boolean): Promise<void> {
    const { keeper, raise, log } = this.#options;
    if (!('correction' in verdict)) {
      // Rebuilds it from memory and tells so; what memory has is held against what is known at the look that follows the write.
      await keeper.verify();
      return;
    }
    // Without a worker nobody but us has anything to say here: then memory is all that is true.
    const remembered: Partial<DeviceStatus> = hasWriter ? {} : (keeper.latest ?? {});
    await keeper.update({ ...remembered, ...verdict.correction });
    if (verdict.kind === 'outdated') log.debug(verdict.correction, 'device-status.json was brought up to date');
    else raise({ kind: 'records-contradicting', sentence: `${verdict.sentence} It is corrected.`, action: null });
  }

  #giveUp(): void {
    this.#options.raise({
      kind: 'records-contradicting',
      sentence: 'Somebody else writes device-status.json again and again; it is left as it is for some minutes.',
      action: 'Look which other program writes that file, and stop it.',
    });
  }

  /**
   * The watcher keeps silent about what changes within 50 ms of a change that it told: only a look that comes later than that has seen
   * everything. So a change that is told while a look is due has one of its own after it.
   */
  #noteChange(): void {
    if (this.#soon === undefined) this.#lookIn(settleMs);
    else this.#hasChangedSince = true;
  }

  #lookIn(delayMs: number): void {
    if (!this.#isOpen || this.#soon !== undefined) return;
    this.#soon = setTimeout(() => {
      this.#soon = undefined;
      this.look();
      if (!this.#hasChangedSince) return;
      this.#hasChangedSince = false;
      this.#lookIn(settleMs);
    }, delayMs).unref();
  }
}
