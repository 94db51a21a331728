import { existsSync } from 'node:fs';
import { join } from 'node:path';

import type { Alert } from '../shared/alerts.js';
import type { Configuration } from '../shared/configuration/compile-configuration.js';
import { type DeviceStatus, readDeviceStatus } from '../shared/device-status.js';
import { describeError } from '../shared/errors.js';
import type { KeptFileOptions } from '../shared/files/kept-json-file.js';
import { HistoryKeeper } from '../shared/history-keeper.js';
import type { Logger } from '../shared/logger.js';
import type { SessionPaths } from '../shared/paths.js';
import type { AttemptMetrics } from '../shared/protocol/messages.js';
import { appendAttempt } from '../shared/restore-metrics.js';
import type { SessionHistoryEntry, SessionHistoryEntryInput } from '../shared/session-history.js';
import { StatusKeeper } from '../shared/status-keeper.js';
import { AlertEchoes, type Teller } from './alert-echoes.js';
import type { StoredState } from './decide-operation.js';
import type { KnownOfAccount } from './judge-status.js';
import type { Machine } from './machine-types.js';
import type { Tally } from './restart-tally.js';
import { readTally, writeTally } from './restart-tally-file.js';
import { StatusWitness } from './status-witness.js';
import { noteUpAndDown } from './up-and-down.js';

export interface AccountRecordsOptions {
  readonly paths: SessionPaths;
  readonly number: string;
  readonly log: Logger;
  /** Told when files were rebuilt or can't be written. */
  readonly raise: (alert: Alert) => void;
  /** The files are looked at as often as the worker looks at its page. */
  readonly configuration: Pick<Configuration, 'probeIntervalMs'>;
  /** The processes that run for the account now. */
  readonly processes: () => { readonly workerPid: number | undefined; readonly browserPid: number | undefined };
}

/** The supervisor's part in an account's files: what was stored before a start, and what a life that has ended can't write any more. */
export class AccountRecords {
  readonly #paths: SessionPaths;
  readonly #number: string;
  readonly #log: Logger;
  readonly #raise: (alert: Alert) => void;
  readonly #status: StatusKeeper;
  readonly #history: HistoryKeeper;
  readonly #witness: StatusWitness;
  readonly #lookIntervalMs: number;
  readonly #echoes = new AlertEchoes();
  #belongsToAnother = false;
  #machine: Machine | undefined;
  #lookTimer: NodeJS.Timeout | undefined;
  /** One write after another. */
  #writing: Promise<unknown> = Promise.resolve();

  constructor({ paths, number, log, raise, configuration, processes }: AccountRecordsOptions) {
    this.#paths = paths;
    this.#number = number;
    this.#log = log;
    this.#raise = raise;
    this.#lookIntervalMs = configuration.probeIntervalMs;
    const kept: KeptFileOptions = {
      onTrouble: (alert) => this.#tell(alert, 'supervisor'),
      onNews: (sentence) => log.info(sentence),
    };
    this.#status = new StatusKeeper(paths.deviceStatus, number, kept);
    this.#history = new HistoryKeeper(paths.sessionHistory, kept);
    this.#witness = new StatusWitness({
      path: paths.deviceStatus,
      number,
      keeper: this.#status,
      log,
      intervalMs: configuration.probeIntervalMs,
      known: () => (this.#machine === undefined ? undefined : knownOf(this.#machine, processes())),
      raise,
      inTurn: (work) => this.#write('device-status.json', work),
    });
  }

  /** @throws WasupError when a file can't be read for reasons of the machine. */
  async readStoredState(): Promise<{ stored: StoredState; tally: Tally; lastConnected: string | null }> {
    const hasProfile = existsSync(join(this.#paths.profile, 'Default'));
    const hasStatus = existsSync(this.#paths.deviceStatus);
    const { status, repaired } = await readDeviceStatus(this.#paths.deviceStatus, this.#number);
    if (repaired !== undefined) this.#tellRepaired('device-status.json', repaired);
    // What was there when we came is remembered from now on.
    await Promise.all([this.#status.read(), this.#history.read()]);
    await this.#endEarlierLife(status);
    const isKnown = hasStatus && repaired === undefined;
    if (isKnown && status.deviceLinked && !hasProfile) {
      this.#log.warn(
        `The device was linked, but its login is gone: there is nothing in ${this.#paths.profile}. ` +
          'Stop wasup and put the folder back if you have it, or link the device anew.',
      );
    }
    await this.#noteUnseenEnd();
    const { tally, repaired: tallyRepaired } = await readTally(this.#paths.restartTally, new Date());
    if (tallyRepaired !== undefined) this.#tellRepaired('restart-tally.json', tallyRepaired);
    const deviceLinked = isKnown ? status.deviceLinked : undefined;
    if (!isKnown && hasProfile && tally.unpaired === null) await this.#presumeLinked();
    return {
      stored: { hasProfile, deviceLinked, unpaired: tally.unpaired !== null },
      tally,
      lastConnected: status.lastConnected,
    };
  }

  /** Nobody was left to write that nobody listens any more. */
  async #endEarlierLife({ isActive, workerPid, browserPid }: DeviceStatus): Promise<void> {
    if (!isActive && workerPid === null && browserPid === null) return;
    await this.#status.update({ isActive: false, workerPid: null, browserPid: null, state: 'starting' });
    if (!isActive) return;
    const sentence = `device-status.json said that worker ${workerPid ?? '?'} listens, whose life has ended. It is corrected.`;
    this.#raise({ kind: 'records-contradicting', sentence, action: null });
  }

  /** A machine that lost its power has written down nothing; at least nobody takes the time from now on for uptime. */
  async #noteUnseenEnd(): Promise<void> {
    const entries = await this.#history.read();
    const last = entries.findLast(({ eventType }) => eventType.startsWith('session_'));
    if (last?.eventType !== 'session_up') return;
    const reason = 'The supervisor has ended without a stop, and nobody was left to say when';
    this.note({ eventType: 'session_down', class: 'LOCAL', reason });
  }

  /** Another supervisor has the account; its files are true without us. */
  leaveToAnother(): void {
    this.#belongsToAnother = true;
  }

  get belongsToAnother(): boolean {
    return this.#belongsToAnother;
  }

  /** Notes what is worth it, and looks after the files from the start to the stop. */
  onState(before: Machine, after: Machine): void {
    this.#machine = after;
    noteUpAndDown(before, after, (entry) => this.note(entry));
    if (after.state === 'stopped' || this.#belongsToAnother) {
      clearInterval(this.#lookTimer);
      this.#lookTimer = undefined;
      void this.#witness.close();
      return;
    }
    this.#witness.open();
    this.#lookTimer ??= setInterval(() => {
      this.#write('session-history.json', () => this.#history.verify());
    }, this.#lookIntervalMs).unref();
    if (after.state === 'listening' && before.state !== 'listening') this.#witness.look();
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

  /** Why nothing is started for now; null: nothing is known against it. */
  recordWaiting(words: { readonly reason: string; readonly userAction: string | null } | null): void {
    this.#write('device-status.json', () =>
      this.#status.update({ reason: words?.reason ?? null, userAction: words?.userAction ?? null }),
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

  /** Newest last. */
  history(): Promise<readonly SessionHistoryEntry[]> {
    return this.#history.read();
  }

  /** Resolves when everything is written as far as it can be. */
  settled(): Promise<unknown> {
    return this.#writing;
  }

  /** A file that was rebuilt from nothing would say "not linked" to the next start, if this one gets no further. */
  async #presumeLinked(): Promise<void> {
    const linked = (await this.#history.read()).findLast(({ eventType }) => eventType === 'device_linked');
    await this.#status.update({ deviceLinked: true, linkedAt: linked?.timestamp ?? null });
  }

  /** Tells an alert of the worker's, unless we have told of the same file already. */
  hearWorker(alert: Alert): void {
    this.#tell(alert, 'worker');
  }

  #tell(alert: Alert, teller: Teller): void {
    if (!this.#echoes.isEcho(alert, teller, performance.now())) this.#raise(alert);
  }

  #tellRepaired(name: string, damage: string): void {
    const sentence = `${name} was damaged (${damage}); it was set aside and rebuilt.`;
    this.#tell({ kind: 'records-repaired', sentence, action: null }, 'supervisor');
  }

  #write(name: string, write: () => Promise<unknown>): void {
    if (this.#belongsToAnother) return;
    this.#writing = this.#writing
      .then(write)
      .catch((error: unknown) => this.#log.warn(`${name} could not be written: ${describeError(error)}`));
  }
}

/** Undefined while a worker or everything is being stopped: then the file is about to change. */
function knownOf(
  { state, worker }: Machine,
  { workerPid, browserPid }: ReturnType<AccountRecordsOptions['processes']>,
): (KnownOfAccount & { readonly hasWriter: boolean }) | undefined {
  if (state === 'stopping' || state === 'stopped' || worker === 'stopping') return undefined;
  const hasWriter = worker === 'assigned';
  return { state, workerPid: hasWriter ? (workerPid ?? null) : null, browserPid: browserPid ?? null, hasWriter };
}
