import { type Command, InvalidArgumentError } from 'commander';

import { describeMessages } from '../../shared/displays/describe-messages.js';
import { peekStatus } from '../../shared/displays/read-account.js';
import { describeError, WasupError } from '../../shared/errors.js';
import type { InboxMessage } from '../../shared/inbox/inbox-message.js';
import type { DeadLetters } from '../../shared/inbox/dead-letters.js';
import { sessionPaths } from '../../shared/paths.js';
import {
  addSessionsDirectoryOption,
  findSessionsDirectory,
  forEachAccount,
  parseNumber,
  printJson,
  type SessionsDirectoryFlag,
  type SetExitCode,
} from './account-arguments.js';

const actions = ['list', 'show', 'replay', 'drop'] as const;
type Action = (typeof actions)[number];

interface Flags extends SessionsDirectoryFlag {
  readonly limit: number;
  readonly json?: boolean;
}

/** What a command ends with that was asked for a message which isn't there. */
const unknownMessageExitCode = 1;

/** Adds `wasup messages`: what the inbox holds, and what becomes of the messages on which the bot has failed. */
export function addMessagesCommand(program: Command, setExitCode: SetExitCode): void {
  const command = program
    .command('messages')
    .description('show what waits for the bot and what it has failed on (dead letters); replay or drop these')
    .argument('<number>', 'the account: digits only, country code first', parseNumber)
    .argument(
      '[action]',
      'list, show <id>, replay [id …] or drop [id …]; without ids all dead letters',
      parseAction,
      'list',
    )
    .argument('[ids...]', 'ids of messages, as list says them')
    .option('--limit <count>', 'how many dead letters to list', parseLimit, 20)
    .option('--json', 'print an object for programs');
  addSessionsDirectoryOption(command).action(async (asked: string, action: Action, ids: string[], flags: Flags) => {
    const sessionsDirectory = await findSessionsDirectory(flags);
    await forEachAccount([asked], sessionsDirectory, setExitCode, async (number) => {
      // Says when there is no such account.
      await peekStatus(sessionsDirectory, number);
      await withDeadLetters(sessionPaths(sessionsDirectory, number).inbox, (letters) =>
        perform(number, action, ids, flags, letters),
      );
    });
  });
}

async function withDeadLetters(path: string, work: (letters: DeadLetters | undefined) => void): Promise<void> {
  const { DeadLetters } = await import('../../shared/inbox/dead-letters.js');
  let letters: DeadLetters | undefined;
  try {
    letters = DeadLetters.open(path);
    work(letters);
  } catch (error) {
    if (error instanceof WasupError) throw error;
    throw new WasupError(`The inbox ${path} can't be read: ${describeError(error)}`, {
      remedy: 'Look at the file and its disk; a damaged one is set aside by the next start of the account.',
      exitCode: unknownMessageExitCode,
    });
  } finally {
    letters?.close();
  }
}

function perform(
  number: string,
  action: Action,
  ids: readonly string[],
  { limit, json }: Flags,
  letters: DeadLetters | undefined,
): void {
  const counts = letters?.counts() ?? { waiting: 0, running: 0, dead: 0, done: 0 };
  switch (action) {
    case 'list': {
      const dead = letters?.list(limit) ?? [];
      if (json === true) printJson({ ...counts, deadLetters: dead.map(withoutContent) });
      else
        for (const line of describeMessages(number, counts, dead, new Date(), process.stdout.columns || 100)) say(line);
      return;
    }
    case 'show': {
      if (ids.length === 0) throw missing('Which one? It takes an id.', number);
      for (const id of ids) {
        const message = letters?.get(id);
        if (message === undefined) throw missing(`There is no message ${id}.`, number);
        printJson({
          ...withoutContent(message),
          message: message.raw === null ? null : (JSON.parse(message.raw) as unknown),
        });
      }
      return;
    }
    case 'replay':
    case 'drop': {
      const chosen = ids.length === 0 ? undefined : ids;
      const changed = (action === 'replay' ? letters?.replay(chosen) : letters?.drop(chosen)) ?? 0;
      if (chosen !== undefined && changed < chosen.length) {
        throw missing(`${chosen.length - changed} of these ${chosen.length} are no dead letters.`, number);
      }
      say(
        action === 'replay'
          ? `${count(changed)} given to the bot again${changed === 0 ? '' : '; at once where it listens, else when it does'}.`
          : `${count(changed)} given up.`,
      );
    }
  }
}

function withoutContent(message: InboxMessage): Omit<InboxMessage, 'raw'> {
  return Object.fromEntries(Object.entries(message).filter(([name]) => name !== 'raw')) as unknown as InboxMessage;
}

function missing(sentence: string, number: string): WasupError {
  return new WasupError(sentence, {
    remedy: `See which there are: wasup messages ${number}`,
    exitCode: unknownMessageExitCode,
  });
}

const count = (messages: number): string => `${messages} ${messages === 1 ? 'dead letter is' : 'dead letters are'}`;

function parseAction(text: string): Action {
  const action = actions.find((candidate) => candidate === text);
  if (action !== undefined) return action;
  throw new InvalidArgumentError(`It takes one of ${actions.join(', ')}.`);
}

function parseLimit(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It takes a positive whole number.');
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
