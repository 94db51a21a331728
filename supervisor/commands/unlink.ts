import type { Command } from 'commander';

import {
  addSessionsDirectoryOption,
  parseNumber,
  type SessionsDirectoryFlag,
  type SetExitCode,
} from './account-arguments.js';
import { confirm, notDoneExitCode } from './confirm.js';
import { requestOfSupervisor } from './request.js';

/** WhatsApp has to be told, the browser to be closed, and the login to be set aside. */
const answerTimeoutMs = 60_000;

/** Adds `wasup unlink`: the device is removed from the phone's linked devices. Asks first. */
export function addUnlinkCommand(program: Command, setExitCode: SetExitCode): void {
  const command = program
    .command('unlink')
    .description('have WhatsApp unlink the device of an account; needs a running supervisor')
    .argument('<number>', 'the account: digits only, country code first', parseNumber)
    .option('--yes', 'without asking');
  addSessionsDirectoryOption(command).action(
    async (number: string, { yes = false, ...flags }: SessionsDirectoryFlag & { yes?: boolean }) => {
      if (!yes && !(await isMeant(number))) {
        setExitCode(notDoneExitCode);
        return;
      }
      await requestOfSupervisor({ path: `/api/accounts/${number}/unlink`, answerTimeoutMs }, flags, setExitCode);
    },
  );
}

function isMeant(number: string): Promise<boolean> {
  return confirm({
    warning: `The device of +${number} is forgotten: somebody has to link it again with the phone.`,
    question: 'Unlink it?',
    refusal: `+${number} was not unlinked`,
    withoutAsking: `wasup unlink ${number} --yes`,
  });
}
