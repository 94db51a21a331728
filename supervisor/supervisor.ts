import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Configuration } from '../shared/configuration/compile-configuration.js';
import { describeError, WasupError } from '../shared/errors.js';
import { supervisorExitCodes } from '../shared/exit-codes.js';
import type { Output } from '../shared/logger.js';
import { Account } from './account.js';
import { type LaunchSurroundings, readLaunchSurroundings } from './browser/launch-surroundings.js';
import { ensureBrowser } from './browser/install-browser.js';

/** All accounts of one sessions folder. */
export class Supervisor {
  readonly accounts: readonly Account[];
  readonly #output: Output;

  /**
   * Sees to everything that the accounts share: the sessions folder and a browser. Nothing is started yet.
   *
   * @throws WasupError when no account is configured, the folder can't be written, or no browser can be had.
   */
  static async prepare(configuration: Configuration, output: Output): Promise<Supervisor> {
    if (configuration.accounts.length === 0) {
      throw new WasupError('No account is configured.', {
        remedy:
          'Set WASUP_ACCOUNTS to your number (digits only, country code first), or try `npm start` for a sandbox.',
        exitCode: supervisorExitCodes.configuration,
      });
    }
    await ensureWritable(configuration.sessionsDirectory);
    const executablePath = await ensureBrowser({
      configuredPath: configuration.browser.executablePath,
      report: (line) => output.log.info(line),
    });
    const surroundings = await readLaunchSurroundings(executablePath, process.env);
    if (surroundings.asRoot) {
      output.log.warn("Running as root: Chromium's own sandbox is off. An ordinary user is safer.");
    }
    return new Supervisor(configuration, { executablePath, surroundings }, output);
  }

  private constructor(
    configuration: Configuration,
    browser: { executablePath: string; surroundings: LaunchSurroundings },
    output: Output,
  ) {
    this.#output = output;
    const botModule = configuration.botModule ?? bundledBot();
    this.accounts = configuration.accounts.map(
      (number) => new Account({ number, configuration, ...browser, botModule, log: output.log }),
    );
  }

  async start(): Promise<void> {
    this.#output.log.info(`Supervisor ${process.pid} starts ${describeAccounts(this.accounts.length)}.`);
    await Promise.all(this.accounts.map((account) => account.start()));
  }

  async stop(): Promise<void> {
    await Promise.all(this.accounts.map((account) => account.stop()));
  }

  kill(): void {
    for (const account of this.accounts) account.kill();
  }
}

function describeAccounts(count: number): string {
  return count === 1 ? 'one account' : `${count} accounts`;
}

/** The built bot, or its source in development. */
function bundledBot(): string {
  const built = fileURLToPath(new URL('../bot/index.js', import.meta.url));
  return existsSync(built) ? built : fileURLToPath(new URL('../bot/index.ts', import.meta.url));
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
