import { type Command, InvalidArgumentError } from 'commander';

import { accountNumberPattern } from '../../shared/accounts.js';
import { compileConfiguration } from '../../shared/configuration/compile-configuration.js';
import { options } from '../../shared/configuration/options.js';
import { askSupervisor } from '../control/ask-supervisor.js';

const refusedExitCode = 1;

/** Adds `wasup link`: a person asks the running supervisor for a QR code or a pairing code. */
export function addLinkCommand(program: Command, setExitCode: (code: number) => void): void {
  program
    .command('link')
    .description('show a QR code for an account that is not linked; needs a running supervisor')
    .argument('<number>', 'the account: digits only, country code first', parseNumber)
    .option('--code', 'ask WhatsApp for a pairing code instead')
    .option(`${options.sessionsDirectory.flag} <folder>`, options.sessionsDirectory.sentence)
    .action(async (number: string, { code = false, sessionsDir }: { code?: boolean; sessionsDir?: string }) => {
      const { configuration } = await compileConfiguration({
        environment: process.env,
        flags: { sessionsDir },
        workingDirectory: process.cwd(),
      });
      const method = code ? 'code' : 'qr';
      const path = `/api/accounts/${number}/link`;
      const { status, body } = await askSupervisor(configuration.sessionsDirectory, path, { method });
      if (status === 202) {
        process.stdout.write(`${String(body['sentence'])}\n`);
        return;
      }
      const lines = [body['error'], body['action']].filter((line) => typeof line === 'string');
      process.stderr.write(`${lines.join('\n')}\n`);
      setExitCode(refusedExitCode);
    });
}

function parseNumber(text: string): string {
  if (accountNumberPattern.test(text)) return text;
  throw new InvalidArgumentError('It takes 7 to 15 digits, country code first, without + or spaces.');
}
