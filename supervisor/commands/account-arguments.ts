import { type Command, InvalidArgumentError } from 'commander';

import { accountNumberPattern } from '../../shared/accounts.js';
import { compileConfiguration } from '../../shared/configuration/compile-configuration.js';
import { options } from '../../shared/configuration/options.js';
import { findAccounts, unknownAccountExitCode } from '../../shared/displays/read-account.js';
import { WasupError } from '../../shared/errors.js';

export type SetExitCode = (code: number) => void;

export function parseNumber(text: string): string {
  if (accountNumberPattern.test(text)) return text;
  throw new InvalidArgumentError('It takes 7 to 15 digits, country code first, without + or spaces.');
}

export function collectNumbers(text: string, earlier: readonly string[] | undefined): readonly string[] {
  return [...(earlier ?? []), parseNumber(text)];
}

/** For the option that says which folder a command looks into. */
export function addSessionsDirectoryOption(command: Command): Command {
  return command.option(`${options.sessionsDirectory.flag} <folder>`, options.sessionsDirectory.sentence);
}

export interface SessionsDirectoryFlag {
  readonly sessionsDir?: string;
}

/** The folder that a supervisor with this flag, environment and configuration file would use. */
export async function findSessionsDirectory({ sessionsDir }: SessionsDirectoryFlag): Promise<string> {
  const sources = { environment: process.env, flags: { sessionsDir }, workingDirectory: process.cwd() };
  return (await compileConfiguration(sources)).configuration.sessionsDirectory;
}

/**
 * Shows each of the accounts that were asked for, or all that there are. One that isn't there is told on stderr and
 * costs the others nothing.
 */
export async function forEachAccount(
  asked: readonly string[],
  directory: string,
  setExitCode: SetExitCode,
  show: (number: string) => Promise<void>,
): Promise<void> {
  const numbers = asked.length > 0 ? asked : await findAccounts(directory);
  if (numbers.length === 0) {
    process.stderr.write(`There are no accounts in ${directory}.\n  What to do: ${noAccounts}\n`);
  }
  for (const number of numbers) {
    try {
      await show(number);
    } catch (error) {
      if (!(error instanceof WasupError) || error.exitCode !== unknownAccountExitCode) throw error;
      process.stderr.write(`${error.message}\n  What to do: ${error.remedy}\n`);
      setExitCode(unknownAccountExitCode);
    }
  }
}

/** The sandbox's account of `npm start` is one like any other: it is found where that was run. */
const noAccounts =
  'Go to where wasup was started, or name its sessions folder (--sessions-dir, WASUP_SESSIONS_DIR). `npm start` makes an account.';

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
