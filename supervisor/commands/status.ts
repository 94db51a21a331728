import type { Command } from 'commander';

import type { DeviceStatus } from '../../shared/device-status.js';
import { displayDeviceStatus } from '../../shared/displays/index.js';
import {
  addSessionsDirectoryOption,
  collectNumbers,
  findSessionsDirectory,
  forEachAccount,
  printJson,
  type SessionsDirectoryFlag,
  type SetExitCode,
} from './account-arguments.js';

/** Adds `wasup status`: what the accounts' files say, whether a supervisor runs or not. */
export function addStatusCommand(program: Command, setExitCode: SetExitCode): void {
  const command = program
    .command('status')
    .description('show whether accounts are linked and listening, and why not')
    .argument('[number...]', 'accounts; default: all in the sessions folder', collectNumbers)
    .option('--json', 'print an array for programs');
  addSessionsDirectoryOption(command).action(
    async (numbers: readonly string[] | undefined, flags: SessionsDirectoryFlag & { json?: boolean }) => {
      const sessionsDirectory = await findSessionsDirectory(flags);
      const statuses: DeviceStatus[] = [];
      const write = flags.json === true ? (): void => undefined : undefined;
      await forEachAccount(numbers ?? [], sessionsDirectory, setExitCode, async (number) => {
        if (statuses.length > 0 && flags.json !== true) process.stdout.write('\n');
        statuses.push(await displayDeviceStatus(number, { sessionsDirectory, ...(write && { write }) }));
      });
      if (flags.json === true) printJson(statuses);
    },
  );
}
