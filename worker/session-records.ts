import type { Alert } from '../shared/alerts.js';
import type { DeviceStatus } from '../shared/device-status.js';
import { describeError } from '../shared/errors.js';
import type { KeptFileOptions } from '../shared/files/kept-json-file.js';
import { HistoryKeeper } from '../shared/history-keeper.js';
import type { Logger } from '../shared/logger.js';
import type { Impairment } from '../shared/protocol/messages.js';
import type { SessionPaths } from '../shared/paths.js';
import type { SessionHistoryEntryInput } from '../shared/session-history.js';
import { StatusKeeper } from '../shared/status-keeper.js';

export interface SessionRecordsOptions {
  /** Told when files were rebuilt or can't be written. */
  readonly onAlert?: (alert: Alert) => void;
  /** Milliseconds between looks at the files. Default: 5000. */
  readonly verifyIntervalMs?: number;
}

/**
 * The account's files, as the worker keeps them. A disk that refuses to be written is never the end of a session that
 * works; files that somebody deletes, damages or changes while it lives are written anew.
 */
export class SessionRecords {
  readonly #log: Logger;
  readonly #status: StatusKeeper;
  readonly #history: HistoryKeeper;
  readonly #verifyIntervalMs: number;
  /** Nobody else says anything of the status as long as this life lasts. */
  #said: Partial<DeviceStatus> = {};
  #impairment: Impairment | null = null;
  #verifyTimer: NodeJS.Timeout | undefined;

  constructor(paths: SessionPaths, account: string, log: Logger, options: SessionRecordsOptions = {}) {
    this.#log = log;
    this.#verifyIntervalMs = options.verifyIntervalMs ?? 5_000;
    const kept: KeptFileOptions = {
      onTrouble: (alert) => {
        // Who is told tells people.
        if (options.onAlert !== undefined) options.onAlert(alert);
        else log.warn(`${alert.sentence}${alert.action === null ? '' : ` ${alert.action}`}`);
      },
      onNews: (sentence) => log.info(sentence),
    };
    this.#status = new StatusKeeper(paths.deviceStatus, account, kept);
    this.#history = new HistoryKeeper(paths.sessionHistory, kept);
    // What was there when this life began is remembered from now on.
    void this.#history.read();
  }

  status(): Promise<DeviceStatus> {
    return this.#status.read();
  }

  async update(change: Partial<DeviceStatus>): Promise<void> {
    this.#verifyTimer ??= setInterval(() => void this.#verify(), this.#verifyIntervalMs).unref();
    this.#said = { ...this.#said, ...change };
    await this.#status.update(change).catch((error: unknown) => this.#tellBug(error));
  }

  /** The page listens, whatever kept it from that before is over. What impairs the session holds on. */
  async noteListening(details: Partial<DeviceStatus> = {}): Promise<void> {
    const isActive = this.#impairment === null;
    await this.update({
      state: isActive ? 'listening' : 'degraded',
      deviceLinked: true,
      isActive,
      ...(isActive && { lastConnected: new Date().toISOString() }),
      reason: this.#impairment?.reason ?? null,
      userAction: this.#impairment?.userAction ?? null,
      ...details,
    });
  }

  /** What impairs the session while its page listens has changed; null: nothing does. */
  async noteImpairment(impairment: Impairment | null): Promise<void> {
    this.#impairment = impairment;
    const { state } = this.#said;
    if (state === 'listening' || state === 'degraded') await this.noteListening();
  }

  async note(entry: SessionHistoryEntryInput): Promise<void> {
    await this.#history.note(entry).catch((error: unknown) => this.#tellBug(error));
  }

  /**
   * This life is over: the files are left to the supervisor. Resolves when everything that was to be written is. An exit in
   * the middle of a write leaves half a file behind.
   */
  async settled(): Promise<void> {
    clearInterval(this.#verifyTimer);
    await Promise.all([this.#status.settled(), this.#history.settled()]);
  }

  async #verify(): Promise<void> {
    await Promise.all([this.#status.verify(this.#said), this.#history.verify()]).catch((error: unknown) =>
      this.#tellBug(error),
    );
  }

  #tellBug(error: unknown): void {
    this.#log.error(`A record makes no sense and was dropped: ${describeError(error)}. Please report this.`);
  }
}
