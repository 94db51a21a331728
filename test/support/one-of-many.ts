import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import type { Phone } from '../../sandbox/index.js';
import { type DeviceStatus, readDeviceStatus } from '../../shared/device-status.js';
import { type SessionPaths, sessionPaths } from '../../shared/paths.js';
import { readSessionHistory, type SessionHistoryEntry } from '../../shared/session-history.js';
import type { ManyAccounts } from './many-accounts.js';
import { readStatNow, type TableEntry } from './process-table.js';
import { contactNumber, type ListeningStatus } from './stage.js';
import { until } from './until.js';

/** A browser that hangs, below a supervisor that is killed, on a busy machine: each of the deadlines between has its time. */
export const backAgainTimeoutMs = 180_000;

/** One account of several: it is hit, listens again, and answers. */
export class OneOfMany {
  readonly number: string;
  readonly phone: Phone;
  readonly paths: SessionPaths;
  readonly asked: string[] = [];
  readonly #unheard: string[] = [];
  readonly #many: ManyAccounts;
  /** Processes that were hit: what was up with them is up no more. */
  readonly #spent = new Set<number>();

  constructor(many: ManyAccounts, number: string) {
    this.#many = many;
    this.number = number;
    this.phone = many.stage.sandbox.phone(number);
    this.paths = sessionPaths(many.stage.sessionsFolder, number);
  }

  /** Below a supervisor of its own, which has gone then. */
  async link(): Promise<void> {
    const supervisor = this.#many.stage.start({ environment: { WASUP_ACCOUNTS: this.number } });
    await this.phone.scanQr();
    await until(async () => (await this.status()).isActive || undefined, {
      expectation: () => `${this.number} to be linked.${supervisor.describe()}`,
    });
    await supervisor.stop();
  }

  async history(): Promise<readonly SessionHistoryEntry[]> {
    return (await readSessionHistory(this.paths.sessionHistory)).entries;
  }

  async locks(): Promise<string[]> {
    return (await readdir(this.paths.profile)).filter((name) => name.startsWith('Singleton'));
  }

  async status(): Promise<DeviceStatus> {
    return (await readDeviceStatus(this.paths.deviceStatus, this.number)).status;
  }

  /** Resolves when it listens in processes of the present supervisor that nothing was done to. */
  async untilListening(): Promise<ListeningStatus> {
    let latest: DeviceStatus | undefined;
    return until(
      async () => {
        latest = await this.status();
        const { isActive, state, workerPid, browserPid } = latest;
        if (!isActive || state !== 'listening' || workerPid === null || browserPid === null) return undefined;
        const arePresent = [workerPid, browserPid].every((pid) => !this.#spent.has(pid) && this.#isInService(pid));
        return arePresent ? (latest as ListeningStatus) : undefined;
      },
      {
        timeoutMs: backAgainTimeoutMs,
        expectation: () =>
          `${this.number} to listen again; its status is ${JSON.stringify(latest)}.${this.#many.supervisor.describe()}`,
      },
    );
  }

  /**
   * Somebody asks, and is answered. Whether it was once is asked at the end: see {@link answers}. A page that was hit may take a moment
   * to be missed; a question that came to a worker which then goes because of it is asked again, of the next one.
   */
  async ask(): Promise<void> {
    await this.#many.undisturbed(async () => {
      while (!(await this.#askOnce()));
    });
  }

  /** Resolves with whether there was an answer; without one the worker that listened has gone. */
  async #askOnce(): Promise<boolean> {
    const { workerPid } = await this.untilListening();
    const { id } = await this.phone.receiveText({ from: contactNumber, body: '!ping' });
    return until(
      () => {
        const isAnswered = this.#answersTo(id) > 0;
        if (isAnswered) this.asked.push(id);
        else if (this.#isInService(workerPid)) return undefined;
        else this.#unheard.push(id);
        return { isAnswered };
      },
      { expectation: () => `${this.number} to answer.${this.#many.supervisor.describe()}` },
    ).then(({ isAnswered }) => isAnswered);
  }

  /** How often each question was answered, in the order of the questions. */
  get answers(): number[] {
    return this.asked.map((id) => this.#answersTo(id));
  }

  /** How often each question was answered whose worker had gone before it answered. */
  get lateAnswers(): number[] {
    return this.#unheard.map((id) => this.#answersTo(id));
  }

  #answersTo(id: string): number {
    return this.phone.sent.filter(({ quotedMessageId, body }) => quotedMessageId === id && body === 'pong').length;
  }

  /** What it listened with is not enough any more. */
  spend(pid: number): void {
    this.#spent.add(pid);
  }

  isSpent(pid: number): boolean {
    return this.#spent.has(pid);
  }

  /** One that has waited on standby was started for any account: only the books say whose it is. */
  isWorker({ pid, commandLine, environment }: TableEntry): boolean {
    if (!commandLine.includes('/worker/main.js')) return false;
    return environment.includes(this.paths.directory) || this.#recordedWorkers().includes(pid);
  }

  #recordedWorkers(): number[] {
    try {
      const children = JSON.parse(readFileSync(join(this.paths.directory, 'processes.json'), 'utf8')) as {
        role: string;
        pid: number;
      }[];
      return children.filter(({ role }) => role === 'worker').map(({ pid }) => pid);
    } catch {
      // Not there yet.
      return [];
    }
  }

  isBrowser({ commandLine }: TableEntry): boolean {
    return commandLine.includes(`--user-data-dir=${this.paths.profile}`) && !commandLine.includes('--type=');
  }

  #isInService(pid: number): boolean {
    const stat = readStatNow(pid);
    return stat?.parent === this.#many.supervisor.pid && stat.state !== 'Z' && stat.state !== 'T';
  }
}
