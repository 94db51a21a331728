import { EventEmitter } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import {
  compareConfigurations,
  configurationAfterReload,
  needsFreshBrowser,
  type ConfigurationChanges,
} from '../shared/configuration/compare-configurations.js';
import type { Configuration } from '../shared/configuration/compile-configuration.js';
import { configurationOf } from '../shared/configuration/configuration-of.js';
import { describeError, WasupError } from '../shared/errors.js';
import { supervisorExitCodes } from '../shared/exit-codes.js';
import type { Output } from '../shared/logger.js';
import { Account } from './account.js';
import { ensureBrowser } from './browser/install-browser.js';
import { isRoot, type LaunchSurroundings, readLaunchSurroundings } from './browser/launch-surroundings.js';
import { DiskWatch } from './disk-watch.js';
import type { ControlledSupervisor, ReloadAnswer, SupervisorEvents } from './control/controlled.js';
import { describeReload, refusedReload } from './describe-reload.js';
import { createStandbyPool } from './create-standby-pool.js';
import type { StandbyPool } from './standby-pool.js';
import { StartGate } from './start-gate.js';

/** @throws WasupError when there is nothing to supervise. */
export function assertAccounts({ accounts }: Configuration): void {
  if (accounts.length > 0) return;
  throw new WasupError('No account is configured.', {
    remedy: 'Set WASUP_ACCOUNTS to your number (digits only, country code first), or try `npm start` for a sandbox.',
    exitCode: supervisorExitCodes.configuration,
  });
}

/** A busy account writes some MB a minute. */
const diskLookMs = 15_000;

/** Reads the configuration again, from the same places. */
export type Recompile = () => Promise<Configuration>;

/** All accounts of one sessions folder. */
export class Supervisor implements ControlledSupervisor {
  readonly events = new EventEmitter<SupervisorEvents>();
  readonly #output: Output;
  readonly #browser: { executablePath: string; surroundings: Promise<LaunchSurroundings> };
  readonly #gate: StartGate;
  readonly #standby: StandbyPool;
  readonly #disk: DiskWatch;
  readonly #recompile: Recompile | undefined;
  #configuration: Configuration;
  #accounts: readonly Account[];
  #isStopping = false;
  /** One reload after the other. */
  #reloading: Promise<unknown> = Promise.resolve();

  /**
   * Sees to everything that the accounts share: the sessions folder and a browser. Nothing is started yet.
   *
   * @param recompile how the configuration is read again; left out where that makes no sense.
   * @throws WasupError when the folder can't be written, or no browser can be had.
   */
  static async prepare(configuration: Configuration, output: Output, recompile?: Recompile): Promise<Supervisor> {
    await ensureWritable(configuration.sessionsDirectory);
    const executablePath = await ensureBrowser({
      configuredPath: configuration.browser.executablePath,
      report: (line) => output.log.info(line),
    });
    // The browser tells its version while the accounts read their files.
    const surroundings = readLaunchSurroundings(executablePath, process.env);
    if (isRoot()) {
      output.log.warn("Running as root: Chromium's own sandbox is off. An ordinary user is safer.");
    }
    return new Supervisor(configuration, { executablePath, surroundings }, output, recompile);
  }

  private constructor(
    configuration: Configuration,
    browser: { executablePath: string; surroundings: Promise<LaunchSurroundings> },
    output: Output,
    recompile: Recompile | undefined,
  ) {
    this.events.setMaxListeners(0);
    this.#configuration = configuration;
    this.#browser = browser;
    this.#output = output;
    this.#recompile = recompile;
    this.#gate = new StartGate({ ...gateOptions(configuration), random: Math.random });
    this.#standby = createStandbyPool(() => this.#configuration, output.log);
    this.#accounts = configuration.accounts.map((number) => this.#createAccount(number));
    this.#disk = new DiskWatch({
      folder: configuration.sessionsDirectory,
      limitMb: () => this.#configuration.diskLowMb,
      intervalMs: diskLookMs,
      raise: (alert) => this.#accounts.forEach((account) => account.hear(alert)),
      onOver: (freeMb) => output.log.info(`The disk of the sessions folder has room again: ${freeMb} MB.`),
    });
  }

  get accounts(): readonly Account[] {
    return this.#accounts;
  }

  /**
   * Starts all accounts. One that can't be started waits for a person, and costs the others nothing.
   *
   * @throws what the first of them says, when none can be started.
   */
  async start(): Promise<void> {
    const accounts = this.#accounts;
    this.#output.log.info(`Supervisor ${process.pid} starts ${describeAccounts(accounts.length)}.`);
    this.#disk.start();
    const errors = new Map<Account, unknown>();
    const starts = accounts.map((account) => account.start().catch((error: unknown) => errors.set(account, error)));
    await Promise.all(starts);
    if (errors.size === accounts.length) throw errors.values().next().value;
    for (const [account, error] of errors) account.giveUp(error);
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#disk.stop();
    await Promise.all([...this.#accounts.map((account) => account.stop()), this.#standby.close()]);
  }

  /** Without politeness. Resolves when everything has gone that can be ended. */
  async kill(): Promise<void> {
    this.#standby.kill();
    await Promise.all(this.#accounts.map((account) => account.kill()));
  }

  reload(): Promise<ReloadAnswer> {
    const answer = this.#reloading.then(() => this.#reload());
    this.#reloading = answer.catch(() => undefined);
    return answer;
  }

  async #reload(): Promise<ReloadAnswer> {
    if (this.#recompile === undefined)
      return refusedReload('This is the sandbox: it has no configuration to read again.');
    let compiled: Configuration;
    try {
      compiled = await this.#recompile();
    } catch (error) {
      this.#output.log.error(`The configuration was not reloaded: ${describeError(error)}`);
      return refusedReload(describeError(error));
    }
    // A stop, also one that came while we read, ends only the accounts that there were.
    if (this.#isStopping) return refusedReload('wasup is being stopped.');
    const before = this.#configuration;
    const changes = compareConfigurations(before, compiled);
    this.#configuration = configurationAfterReload(before, compiled);
    this.#gate.configure(gateOptions(this.#configuration));
    this.#standby.retire();
    const failed = await this.#apply(changes, before);
    const answer = describeReload(changes, failed, this.#handOverToNewBots(changes));
    this.#output.log.info(`The configuration was reloaded. ${answer.sentence}`);
    return answer;
  }

  /** Who isn't named isn't touched. Resolves with the accounts that could not be started, and why. */
  async #apply(
    { added, removed, changed }: ConfigurationChanges,
    before: Configuration,
  ): Promise<ReadonlyMap<string, string>> {
    for (const account of this.#accounts) {
      if (!removed.includes(account.number)) account.reconfigure(configurationOf(this.#configuration, account.number));
      if (changed.includes(account.number)) {
        account.requestRestart({ freshBrowser: needsFreshBrowser(account.number, before, this.#configuration) });
      }
    }
    const leaving = this.#accounts.filter(({ number }) => removed.includes(number));
    const coming = added.map((number) => this.#createAccount(number));
    this.#accounts = [...this.#accounts, ...coming];
    const failed = new Map<string, string>();
    await Promise.all([
      ...leaving.map((account) => this.#remove(account)),
      ...coming.map((account) =>
        account.start().catch((error: unknown) => {
          failed.set(account.number, describeError(error));
          return this.#remove(account);
        }),
      ),
    ]);
    return failed;
  }

  /** Whose bot's file has changed gets a worker that has loaded it. @returns their numbers. */
  #handOverToNewBots({ added, changed }: ConfigurationChanges): string[] {
    const outdated = this.#accounts.filter(
      (account) => ![...added, ...changed].includes(account.number) && account.hasOutdatedBot,
    );
    return outdated
      .filter((account) => account.requestRestart({ freshBrowser: false }).accepted)
      .map(({ number }) => number);
  }

  async #remove(account: Account): Promise<void> {
    await account.stop();
    this.#accounts = this.#accounts.filter((other) => other !== account);
    this.events.emit('removed', { number: account.number });
  }

  #createAccount(number: string): Account {
    const account = new Account({
      ...this.#browser,
      number,
      configuration: configurationOf(this.#configuration, number),
      gate: this.#gate,
      standby: this.#standby,
      log: this.#output.log,
    });
    const { events } = this;
    const show = (): void => void events.emit('account', account.view());
    account.on('state', show).on('code', show);
    account.on('alert', (alert) => events.emit('alert', { number, alert }));
    account.on('failure', ({ class: failureClass, reason }) =>
      events.emit('failure', { number, class: failureClass, reason }),
    );
    account.on('attempt', (attempt) => events.emit('attempt', { number, attempt }));
    account.on('anomaly', (anomaly) => events.emit('anomaly', { number, ...anomaly }));
    return account;
  }
}

function gateOptions({ startConcurrency, startJitterMs }: Configuration): { concurrency: number; jitterMs: number } {
  return { concurrency: startConcurrency, jitterMs: startJitterMs };
}

function describeAccounts(count: number): string {
  return count === 1 ? 'one account' : `${count} accounts`;
}

/** Asks the disk rather than the permission bits: a read-only mount lets root pass every check but the write. */
async function ensureWritable(directory: string): Promise<void> {
  const probe = join(directory, `.write-test-${process.pid}`);
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await writeFile(probe, '');
    await rm(probe);
  } catch (error) {
    throw new WasupError(`The sessions folder ${directory} can't be written (${describeError(error)}).`, {
      remedy: 'Give this user the right to write there, or point WASUP_SESSIONS_DIR somewhere else.',
      exitCode: supervisorExitCodes.configuration,
      cause: error,
    });
  }
}
