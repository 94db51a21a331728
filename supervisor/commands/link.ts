import type { Command } from 'commander';

import {
  addSessionsDirectoryOption,
  parseNumber,
  type SessionsDirectoryFlag,
  type SetExitCode,
} from './account-arguments.js';
import { requestOfSupervisor } from './request.js';

/** Adds `wasup link`: a person asks the running supervisor for a QR code or a pairing code. */
export function addLinkCommand(program: Command, setExitCode: SetExitCode): void {
  const command = program
    .command('link')
    .description('show a QR code for an account that is not linked; needs a running supervisor')
    .argument('<number>', 'the account: digits only, country code first', parseNumber)
    .option('--code', 'ask WhatsApp for a pairing code instead');
  addSessionsDirectoryOption(command).action(
    async (number: string, { code = false, ...flags }: SessionsDirectoryFlag & { code?: boolean }) => {
      const request = { path: `/api/accounts/${number}/link`, body: { method: code ? 'code' : 'qr' } };
      await requestOfSupervisor(request, flags, setExitCode);
    },
  );
}
