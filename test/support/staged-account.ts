import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Phone, SentMessage } from '../../sandbox/index.js';
import { type DeviceStatus, readDeviceStatus } from '../../shared/device-status.js';
import { type SessionPaths, sessionPaths } from '../../shared/paths.js';
import { readSessionHistory, type SessionHistoryEntry } from '../../shared/session-history.js';
import { defaultTimeoutMs, until } from './until.js';

/** Of the North American plan, and kept free for fiction. */
export const contactNumber = '12025550123';

/** The status of an account that is up, with the processes that serve it. */
export type ListeningStatus = DeviceStatus & { readonly workerPid: number; readonly browserPid: number };

export interface StagedAccountOptions {
  readonly number: string;
  readonly sessionsFolder: string;
  readonly phone: Phone;
  /** For error messages: what the supervisor said lastly. */
  readonly describe: () => string;
  readonly isAnybodyRunning: () => boolean;
}

/** One account of a stage: its phone, and what its files say. */
export class StagedAccount {
  readonly number: string;
  readonly phone: Phone;
  readonly paths: SessionPaths;
  readonly #options: StagedAccountOptions;

  constructor(options: StagedAccountOptions) {
    this.number = options.number;
    this.phone = options.phone;
    this.paths = sessionPaths(options.sessionsFolder, options.number);
    this.#options = options;
  }

  async status(): Promise<DeviceStatus> {
    return (await readDeviceStatus(this.paths.deviceStatus, this.number)).status;
  }

  async history(): Promise<readonly SessionHistoryEntry[]> {
    return (await readSessionHistory(this.paths.sessionHistory)).entries;
  }

  /** What the account has alerted, oldest first. */
  async alerts(): Promise<unknown[]> {
    return (await this.history()).filter(({ eventType }) => eventType === 'alert').map((entry) => entry['alert']);
  }

  /**
   * Chromium writes localStorage down some seconds after a page has; one that is killed before has never had a login. For tests that kill a
   * browser soon after the device was linked.
   */
  async waitUntilLoginIsOnDisk(): Promise<void> {
    const folder = join(this.paths.profile, 'Default', 'Local Storage', 'leveldb');
    await until(
      async () => {
        const names = await readdir(folder).catch(() => []);
        const tables = names.filter((name) => /\.(log|ldb)$/.test(name));
        const files = await Promise.all(
          tables.map((name) => readFile(join(folder, name)).catch(() => Buffer.alloc(0))),
        );
        return files.some((content) => content.includes(this.number)) ? true : undefined;
      },
      { expectation: () => `the login of ${this.number} to be on disk.${this.#options.describe()}` },
    );
  }

  async waitForStatus(
    holds: (status: DeviceStatus) => boolean,
    expectation: string,
    timeoutMs = defaultTimeoutMs,
  ): Promise<DeviceStatus> {
    const { describe, isAnybodyRunning } = this.#options;
    let latest: DeviceStatus | undefined;
    return until(
      async () => {
        latest = await this.status();
        if (!isAnybodyRunning()) throw new Error(`Nothing runs.${describe()}`);
        return holds(latest) ? latest : undefined;
      },
      { timeoutMs, expectation: () => `${expectation}; the status is ${JSON.stringify(latest)}.${describe()}` },
    );
  }

  /** @param before the status of an earlier life; then only a later one counts. */
  async waitUntilListening(before?: { readonly workerPid: number }): Promise<ListeningStatus> {
    const status = await this.waitForStatus(
      ({ isActive, state, workerPid, browserPid }) =>
        isActive &&
        state === 'listening' &&
        workerPid !== null &&
        browserPid !== null &&
        workerPid !== before?.workerPid,
      `${this.number} to listen${before === undefined ? '' : ` in another worker than ${before.workerPid}`}`,
    );
    return status as ListeningStatus;
  }

  /** A contact writes; resolves with the bot's quoted answer. */
  async ask(body: string, { group }: { group?: string } = {}): Promise<SentMessage> {
    const question = await this.phone.receiveText({ from: contactNumber, body, ...(group !== undefined && { group }) });
    return this.answerTo(question.id);
  }

  async answerTo(messageId: string): Promise<SentMessage> {
    try {
      return await this.phone.waitForSent(({ quotedMessageId }) => quotedMessageId === messageId);
    } catch (error) {
      throw new Error(`There is no answer to ${messageId}.${this.#options.describe()}`, { cause: error });
    }
  }
}
