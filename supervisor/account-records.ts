import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { readDeviceStatus, updateDeviceStatus } from '../shared/device-status.js';
import { describeError } from '../shared/errors.js';
import type { Logger } from '../shared/logger.js';
import type { SessionPaths } from '../shared/paths.js';
import type { Machine } from './machine-types.js';

/** The supervisor's part in an account's files: what was stored before a start, and the end of a life that can't write any more. */
export class AccountRecords {
  readonly #paths: SessionPaths;
  readonly #number: string;
  readonly #log: Logger;
  #belongsToAnother = false;
  /** One write after another. */
  #writing: Promise<unknown> = Promise.resolve();

  constructor(paths: SessionPaths, number: string, log: Logger) {
    this.#paths = paths;
    this.#number = number;
    this.#log = log;
  }

  /** @throws WasupError when the status file can't be read for reasons of the machine. */
  async readStoredLogin(): Promise<{ hasProfile: boolean; deviceLinked: boolean | undefined }> {
    const hasProfile = existsSync(join(this.#paths.profile, 'Default'));
    const hasStatus = existsSync(this.#paths.deviceStatus);
    const { status, repaired } = await readDeviceStatus(this.#paths.deviceStatus, this.#number);
    if (repaired !== undefined) this.#log.warn(`device-status.json was damaged (${repaired}); set aside and rebuilt.`);
    const isKnown = hasStatus && repaired === undefined;
    if (isKnown && status.deviceLinked && !hasProfile) {
      this.#log.warn(
        `The device was linked, but its login is gone: there is nothing in ${this.#paths.profile}. ` +
          'Stop wasup and put the folder back if you have it, or link the device anew.',
      );
    }
    return { hasProfile, deviceLinked: isKnown ? status.deviceLinked : undefined };
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
    if (this.#belongsToAnother) return;
    this.#writing = this.#writing
      .then(() =>
        updateDeviceStatus(this.#paths.deviceStatus, this.#number, {
          isActive: false,
          state,
          workerPid: null,
          browserPid: browserPid ?? null,
          reason: failure?.reason ?? null,
          userAction: failure?.userAction ?? null,
        }),
      )
      .catch((error: unknown) => this.#log.warn(`device-status.json could not be written: ${describeError(error)}`));
  }

  /** Resolves when everything is written as far as it can be. */
  settled(): Promise<unknown> {
    return this.#writing;
  }
}
