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
    await updateDeviceStatus(this.#paths.deviceStatus, this.#account, change).catch((error: unknown) =>
      this.#log.warn(`device-status.json could not be written: ${describeError(error)}. The session goes on.`),
    );
  }

  async note(entry: SessionHistoryEntryInput): Promise<void> {
    await appendSessionHistory(this.#paths.sessionHistory, entry).catch((error: unknown) =>
      this.#log.warn(`session-history.json could not be written: ${describeError(error)}. The session goes on.`),
    );
  }
}
