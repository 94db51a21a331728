import type { Command } from 'commander';

import { peekStatus } from '../../shared/displays/read-account.js';
import { sessionPaths } from '../../shared/paths.js';
import { acquireAccountLock } from '../account-lock.js';
import { listQuarantined } from '../quarantine.js';
import { restoreProfile } from '../restore-profile.js';
import {
  addSessionsDirectoryOption,
  findSessionsDirectory,
  forEachAccount,
  parseNumber,
  type SessionsDirectoryFlag,
  type SetExitCode,
} from './account-arguments.js';

/** Adds `wasup restore-profile`: brings back a login that was set aside. Not while a supervisor has the account. */
export function addRestoreProfileCommand(program: Command, setExitCode: SetExitCode): void {
  const command = program
    .command('restore-profile')
    .description('bring back a login from quarantine; the present one goes there in its place')
    .argument('<number>', 'the account: digits only, country code first', parseNumber)
    .argument('[name]', 'which one, as --list says it; default: the newest')
    .option('--list', 'only show which there are, newest first');
  addSessionsDirectoryOption(command).action(
    async (asked: string, name: string | undefined, flags: SessionsDirectoryFlag & { list?: boolean }) => {
      const sessionsDirectory = await findSessionsDirectory(flags);
      await forEachAccount([asked], sessionsDirectory, setExitCode, async (number) => {
        // Says when there is no such account.
        await peekStatus(sessionsDirectory, number);
        if (flags.list === true) await list(sessionsDirectory, number);
        else await restore(sessionsDirectory, number, name);
      });
    },
  );
}

async function list(sessionsDirectory: string, number: string): Promise<void> {
  const names = await listQuarantined(sessionPaths(sessionsDirectory, number));
  say(names.length === 0 ? `No login of +${number} is in quarantine.` : names.join('\n'));
}

async function restore(sessionsDirectory: string, number: string, name: string | undefined): Promise<void> {
  const paths = sessionPaths(sessionsDirectory, number);
  const lock = await acquireAccountLock(paths.directory, {
    onWait: (sentence) => process.stderr.write(`${sentence}\n`),
  });
  try {
    const restored = await restoreProfile(paths, number, name);
    say(`The login ${restored.name} of +${number} is in place again; the next start restores it.`);
    if (restored.replaced !== undefined) say(`The one that was there is in quarantine as ${restored.replaced}.`);
    say('If WhatsApp has unlinked that device for good, it will refuse this login: then wasup asks for a fresh link.');
    if (restored.historyProblem !== undefined) say(`The history doesn't tell of it: ${restored.historyProblem}`);
  } finally {
    await lock.release();
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
