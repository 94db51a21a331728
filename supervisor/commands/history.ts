import { type Command, InvalidArgumentError } from 'commander';

import { displaySessionHistory } from '../../shared/displays/index.js';
import {
  addSessionsDirectoryOption,
  findSessionsDirectory,
  forEachAccount,
  parseNumber,
  printJson,
  type SessionsDirectoryFlag,
  type SetExitCode,
} from './account-arguments.js';

/** Adds `wasup history`: what has happened to an account. */
export function addHistoryCommand(program: Command, setExitCode: SetExitCode): void {
  const command = program
    .command('history')
    .description('show what has happened to an account, the newest last')
    .argument('<number>', 'the account: digits only, country code first', parseNumber)
    .option('--limit <count>', 'how many events', parseLimit, 20)
    .option('--json', 'print an array for programs');
  addSessionsDirectoryOption(command).action(
    async (asked: string, { limit, json, ...flags }: SessionsDirectoryFlag & { limit: number; json?: boolean }) => {
      const sessionsDirectory = await findSessionsDirectory(flags);
      const write = json === true ? (): void => undefined : undefined;
      await forEachAccount([asked], sessionsDirectory, setExitCode, async (number) => {
        const entries = await displaySessionHistory(number, limit, { sessionsDirectory, ...(write && { write }) });
        if (json === true) printJson(entries);
      });
    },
  );
}

function parseLimit(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It takes a positive whole number.');
}
