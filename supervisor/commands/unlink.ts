import { createInterface } from 'node:readline/promises';

import type { Command } from 'commander';

import { WasupError } from '../../shared/errors.js';
import { supervisorExitCodes } from '../../shared/exit-codes.js';
import {
  addSessionsDirectoryOption,
  parseNumber,
  type SessionsDirectoryFlag,
  type SetExitCode,
} from './account-arguments.js';
import { requestOfSupervisor } from './request.js';

/** WhatsApp has to be told, the browser to be closed, and the login to be set aside. */
const answerTimeoutMs = 60_000;
const notDoneExitCode = 1;

/** Adds `wasup unlink`: the device is removed from the phone's linked devices. Asks first. */
export function addUnlinkCommand(program: Command, setExitCode: SetExitCode): void {
  const command = program
    .command('unlink')
    .description('have WhatsApp unlink the device of an account; needs a running supervisor')
    .argument('<number>', 'the account: digits only, country code first', parseNumber)
    .option('--yes', 'without asking');
  addSessionsDirectoryOption(command).action(
    async (number: string, { yes = false, ...flags }: SessionsDirectoryFlag & { yes?: boolean }) => {
      if (!yes && !(await confirm(number))) {
        process.stdout.write('Nothing was done.\n');
        setExitCode(notDoneExitCode);
        return;
      }
      await requestOfSupervisor({ path: `/api/accounts/${number}/unlink`, answerTimeoutMs }, flags, setExitCode);
    },
  );
}

/** @throws WasupError with exit code 64 when there is nobody to ask. */
async function confirm(number: string): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new WasupError(`+${number} was not unlinked, as there is nobody to ask.`, {
      remedy: `Say \`wasup unlink ${number} --yes\` when you mean it.`,
      exitCode: supervisorExitCodes.usage,
    });
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    process.stdout.write(`The device of +${number} is forgotten: somebody has to link it again with the phone.\n`);
    return /^y(es)?$/i.test((await terminal.question('Unlink it? [y/N] ')).trim());
  } finally {
    terminal.close();
  }
}
