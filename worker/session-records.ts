import { type DeviceStatus, readDeviceStatus, updateDeviceStatus } from '../shared/device-status.js';
import { describeError } from '../shared/errors.js';
import type { Logger } from '../shared/logger.js';
import type { SessionPaths } from '../shared/paths.js';
import { appendSessionHistory, type SessionHistoryEntryInput } from '../shared/session-history.js';

/**
 * The account's files, as the worker keeps them. A disk that refuses to be written is a warning, never the end of a
 * session that works.
 */
export class SessionRecords {
  readonly #paths: SessionPaths;
  readonly #account: string;
  readonly #log: Logger;
  /** The newest write of each file; each waits for those before it. */
  readonly #writing = new Map<string, Promise<unknown>>();

  constructor(paths: SessionPaths, account: string, log: Logger) {
    this.#paths = paths;
    this.#account = account;
    this.#log = log;
  }

  async status(): Promise<DeviceStatus> {
    const { status, repaired } = await readDeviceStatus(this.#paths.deviceStatus, this.#account);
    if (repaired !== undefined)
      this.#log.warn(`device-status.json was damaged (${repaired}); it was set aside and rebuilt.`);
    return status;
  }

  async update(change: Partial<DeviceStatus>): Promise<void> {
    const writing = updateDeviceStatus(this.#paths.deviceStatus, this.#account, change).catch((error: unknown) =>
      this.#log.warn(`device-status.json could not be written: ${describeError(error)}. The session goes on.`),
    );
    this.#writing.set(this.#paths.deviceStatus, writing);
    await writing;
  }

  /** The session listens, whatever kept it from that before is over. */
  async noteListening(details: Partial<DeviceStatus> = {}): Promise<void> {
    await this.update({
      state: 'listening',
      deviceLinked: true,
      isActive: true,
      lastConnected: new Date().toISOString(),
      reason: null,
      userAction: null,
      ...details,
    });
  }

  async note(entry: SessionHistoryEntryInput): Promise<void> {
    const writing = appendSessionHistory(this.#paths.sessionHistory, entry).catch((error: unknown) =>
      this.#log.warn(`session-history.json could not be written: ${describeError(error)}. The session goes on.`),
    );
    this.#writing.set(this.#paths.sessionHistory, writing);
    await writing;
  }

  /** Resolves when everything that was to be written is. An exit in the middle of a write leaves half a file behind. */
  async settled(): Promise<void> {
    await Promise.all(this.#writing.values());
  }
}
