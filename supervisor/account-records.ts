import { existsSync } from 'node:fs';
import { join } from 'node:path';

import type { Alert } from '../shared/alerts.js';
import { readDeviceStatus } from '../shared/device-status.js';
import { describeError } from '../shared/errors.js';
import type { KeptFileOptions } from '../shared/files/kept-json-file.js';
import { HistoryKeeper } from '../shared/history-keeper.js';
import type { Logger } from '../shared/logger.js';
import type { SessionPaths } from '../shared/paths.js';
import type { AttemptMetrics } from '../shared/protocol/messages.js';
import { appendAttempt } from '../shared/restore-metrics.js';
import type { SessionHistoryEntryInput } from '../shared/session-history.js';
import { StatusKeeper } from '../shared/status-keeper.js';
import type { StoredState } from './decide-operation.js';
import type { Machine } from './machine-types.js';
import type { Tally } from './restart-tally.js';
import { readTally, writeTally } from './restart-tally-file.js';

/** The supervisor's part in an account's files: what was stored before a start, and what a life that has ended can't write any more. */
export class AccountRecords {
  readonly #paths: SessionPaths;
  readonly #number: string;
  readonly #log: Logger;
  readonly #onAlert: (alert: Alert) => void;
  readonly #status: StatusKeeper;
  readonly #history: HistoryKeeper;
  #belongsToAnother = false;
  /** One write after another. */
  #writing: Promise<unknown> = Promise.resolve();

  /** @param onAlert told when files were rebuilt or can't be written. */
  constructor(paths: SessionPaths, number: string, log: Logger, onAlert: (alert: Alert) => void) {
    this.#paths = paths;
    this.#number = number;
    this.#log = log;
    this.#onAlert = onAlert;
    const kept: KeptFileOptions = { onTrouble: onAlert, onRecovered: (sentence) => log.info(sentence) };
    this.#status = new StatusKeeper(paths.deviceStatus, number, kept);
    this.#history = new HistoryKeeper(paths.sessionHistory, kept);
  }

  /** @throws WasupError when a file can't be read for reasons of the machine. */
  async readStoredState(): Promise<{ stored: StoredState; tally: Tally; lastConnected: string | null }> {
    const hasProfile = existsSync(join(this.#paths.profile, 'Default'));
    const hasStatus = existsSync(this.#paths.deviceStatus);
    const { status, repaired } = await readDeviceStatus(this.#paths.deviceStatus, this.#number);
    if (repaired !== undefined) this.#tellRepaired('device-status.json', repaired);
    await this.#status.read();
    const isKnown = hasStatus && repaired === undefined;
    if (isKnown && status.deviceLinked && !hasProfile) {
      this.#log.warn(
        `The device was linked, but its login is gone: there is nothing in ${this.#paths.profile}. ` +
          'Stop wasup and put the folder back if you have it, or link the device anew.',
      );
    }
    const { tally, repaired: tallyRepaired } = await readTally(this.#paths.restartTally, new Date());
    if (tallyRepaired !== undefined) this.#tellRepaired('restart-tally.json', tallyRepaired);
    const deviceLinked = isKnown ? status.deviceLinked : undefined;
    return {
      stored: { hasProfile, deviceLinked, unpaired: tally.unpaired !== null },
      tally,
      lastConnected: status.lastConnected,
    };
  }

  /** Another supervisor has the account; its files are true without us. */
  leaveToAnother(): void {
    this.#belongsToAnother = true;
  }

  get belongsToAnother(): boolean {
    return this.#belongsToAnother;
  }

  /** Nobody listens any more, whatever the file says. */
  recordInactive({ state, failure }: Machine, browserPid: number | undefined): void {
    this.#write('device-status.json', () =>
      this.#status.update({
        isActive: false,
        state,
        workerPid: null,
        browserPid: browserPid ?? null,
        reason: failure?.reason ?? null,
        userAction: failure?.userAction ?? null,
      }),
    );
  }

  async isActive(): Promise<boolean> {
    await this.#writing;
    return (await this.#status.read()).isActive;
  }

  saveTally(tally: Tally): void {
    this.#write('restart-tally.json', () => writeTally(this.#paths.restartTally, tally));
  }

  note(entry: SessionHistoryEntryInput): void {
    this.#write('session-history.json', () => this.#history.note(entry));
  }

  noteAlert({ kind, sentence, action }: Alert): void {
    this.note({ eventType: 'alert', alert: kind, reason: sentence, userAction: action });
  }

  noteAttempt(attempt: AttemptMetrics): void {
    this.#write('restore-metrics.json', () => appendAttempt(this.#paths.restoreMetrics, attempt));
  }

  /** Resolves when everything is written as far as it can be. */
  settled(): Promise<unknown> {
    return this.#writing;
  }

  #tellRepaired(name: string, damage: string): void {
    const sentence = `${name} was damaged (${damage}); it was set aside and rebuilt.`;
    this.#onAlert({ kind: 'records-repaired', sentence, action: null });
  }

  #write(name: string, write: () => Promise<unknown>): void {
    if (this.#belongsToAnother) return;
    this.#writing = this.#writing
      .then(write)
      .catch((error: unknown) => this.#log.warn(`${name} could not be written: ${describeError(error)}`));
  }
}
