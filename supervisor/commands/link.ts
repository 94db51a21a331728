import type { Command } from 'commander';

import { askSupervisor } from '../control/ask-supervisor.js';
import {
  addSessionsDirectoryOption,
  findSessionsDirectory,
  parseNumber,
  type SessionsDirectoryFlag,
  type SetExitCode,
} from './account-arguments.js';

const refusedExitCode = 1;

/** Adds `wasup link`: a person asks the running supervisor for a QR code or a pairing code. */
export function addLinkCommand(program: Command, setExitCode: SetExitCode): void {
  const command = program
    .command('link')
    .description('show a QR code for an account that is not linked; needs a running supervisor')
    .argument('<number>', 'the account: digits only, country code first', parseNumber)
    .option('--code', 'ask WhatsApp for a pairing code instead');
  addSessionsDirectoryOption(command).action(
    async (number: string, { code = false, ...flags }: SessionsDirectoryFlag & { code?: boolean }) => {
      const sessionsDirectory = await findSessionsDirectory(flags);
      const method = code ? 'code' : 'qr';
      const path = `/api/accounts/${number}/link`;
      const { status, body } = await askSupervisor(sessionsDirectory, path, { method });
      if (status === 202) {
        process.stdout.write(`${String(body['sentence'])}\n`);
        return;
      }
      const lines = [body['error'], body['action']].filter((line) => typeof line === 'string');
      process.stderr.write(`${lines.join('\n')}\n`);
      setExitCode(refusedExitCode);
    },
  );
}
