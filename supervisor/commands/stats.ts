import type { Command } from 'commander';

import { describeStats } from '../../shared/displays/describe-stats.js';
import { getSessionStats } from '../../shared/displays/index.js';
import type { SessionStats } from '../../shared/session-stats.js';
import {
  addSessionsDirectoryOption,
  collectNumbers,
  findSessionsDirectory,
  forEachAccount,
  printJson,
  type SessionsDirectoryFlag,
  type SetExitCode,
} from './account-arguments.js';

/** Adds `wasup stats`: how sessions came up, and how long they were away. */
export function addStatsCommand(program: Command, setExitCode: SetExitCode): void {
  const command = program
    .command('stats')
    .description('add up attempts, durations, failures and downtime')
    .argument('[number...]', 'accounts; default: all in the sessions folder', collectNumbers)
    .option('--json', 'print an array for programs');
  addSessionsDirectoryOption(command).action(
    async (numbers: readonly string[] | undefined, flags: SessionsDirectoryFlag & { json?: boolean }) => {
      const sessionsDirectory = await findSessionsDirectory(flags);
      const width = process.stdout.isTTY ? process.stdout.columns : 100;
      const all: SessionStats[] = [];
      await forEachAccount(numbers ?? [], sessionsDirectory, setExitCode, async (number) => {
        const stats = await getSessionStats(number, { sessionsDirectory });
        if (flags.json !== true) {
          const separator = all.length > 0 ? '\n' : '';
          process.stdout.write(`${separator}${describeStats(stats, new Date(), width).join('\n')}\n`);
        }
        all.push(stats);
      });
      if (flags.json === true) printJson(all);
    },
  );
}
