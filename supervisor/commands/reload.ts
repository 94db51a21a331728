import type { Command } from 'commander';

import { addSessionsDirectoryOption, type SessionsDirectoryFlag, type SetExitCode } from './account-arguments.js';
import { requestOfSupervisor } from './request.js';

/** Accounts that are removed are stopped first, each within its own deadline. */
const answerTimeoutMs = 60_000;

/** Adds `wasup reload`: the running supervisor reads its configuration again. */
export function addReloadCommand(program: Command, setExitCode: SetExitCode): void {
  const command = program
    .command('reload')
    .description('have the running supervisor read its configuration again: accounts are added, removed, changed');
  addSessionsDirectoryOption(command).action(async (flags: SessionsDirectoryFlag) => {
    await requestOfSupervisor({ path: '/api/reload', answerTimeoutMs }, flags, setExitCode);
  });
}
