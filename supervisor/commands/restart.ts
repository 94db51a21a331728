import type { Command } from 'commander';

import {
  addSessionsDirectoryOption,
  parseNumber,
  type SessionsDirectoryFlag,
  type SetExitCode,
} from './account-arguments.js';
import { requestOfSupervisor } from './request.js';

/** Adds `wasup restart`: a person has the running supervisor start an account's worker anew. */
export function addRestartCommand(program: Command, setExitCode: SetExitCode): void {
  const command = program
    .command('restart')
    .description(
      'end the worker of an account and start it again, whatever has failed before; needs a running supervisor',
    )
    .argument('<number>', 'the account: digits only, country code first', parseNumber)
    .option('--browser', 'start the browser anew, too');
  addSessionsDirectoryOption(command).action(
    async (number: string, { browser = false, ...flags }: SessionsDirectoryFlag & { browser?: boolean }) => {
      const request = { path: `/api/accounts/${number}/restart`, body: { freshBrowser: browser } };
      await requestOfSupervisor(request, flags, setExitCode);
    },
  );
}
