import { type Command, InvalidArgumentError } from 'commander';

import { describeMessage, describeMessages, messageFacts, rawModel } from '../../shared/displays/describe-messages.js';
import { peekStatus } from '../../shared/displays/read-account.js';
import { describeError, WasupError } from '../../shared/errors.js';
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
import { changeDeadLetters } from './change-dead-letters.js';
import { failedExitCode, unknownMessage } from './unknown-message.js';

const actions = ['list', 'show', 'replay', 'drop'] as const;
type Action = (typeof actions)[number];

interface Flags extends SessionsDirectoryFlag {
  readonly limit: number;
  readonly yes?: boolean;
  readonly json?: boolean;
}

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
    .option('--yes', 'drop all without asking')
    .option('--json', 'print an object for programs');
  addSessionsDirectoryOption(command).action(async (asked: string, action: Action, words: string[], flags: Flags) => {
    const ids = [...new Set(words)];
    if (action === 'list' && ids.length > 0) command.error('error: list takes no ids; show <id> is for one message');
    if (action === 'show' && ids.length !== 1)
      command.error('error: show takes the id of one message, as list says it');
    const sessionsDirectory = await findSessionsDirectory(flags);
    await forEachAccount([asked], sessionsDirectory, setExitCode, async (number) => {
      // Says when there is no such account.
      await peekStatus(sessionsDirectory, number);
      await withDeadLetters(sessionPaths(sessionsDirectory, number).inbox, async (letters) => {
        if (action === 'list') list(number, letters, flags);
        else if (action === 'show') show(number, ids[0] ?? '', letters, flags);
        else await changeDeadLetters({ number, action, ids, letters, setExitCode, ...flags });
      });
    });
  });
}

async function withDeadLetters(path: string, work: (letters: DeadLetters | undefined) => Promise<void>): Promise<void> {
  const { DeadLetters, isBusy } = await import('../../shared/inbox/dead-letters.js');
  let letters: DeadLetters | undefined;
  try {
    letters = DeadLetters.open(path);
    await work(letters);
  } catch (error) {
    if (error instanceof WasupError) throw error;
    throw inboxError(path, error, isBusy(error));
  } finally {
    letters?.close();
  }
}

function inboxError(path: string, error: unknown, isBusy: boolean): WasupError {
  const reason = describeError(error);
  if (isBusy) {
    return new WasupError(`The inbox ${path} is being written by another process; nothing was done.`, {
      remedy: 'Try again.',
      exitCode: failedExitCode,
    });
  }
  return new WasupError(`The inbox ${path} can't be used: ${reason}`, {
    remedy:
      'Look at the file and its disk. wasup sets a damaged one aside by itself, at the next start of the account at the latest, and keeps what can be read of it.',
    exitCode: failedExitCode,
  });
}

function list(number: string, letters: DeadLetters | undefined, { limit, json }: Flags): void {
  const counts = letters?.counts() ?? { waiting: 0, running: 0, dead: 0, done: 0 };
  const dead = letters?.list(limit) ?? [];
  if (json === true) printJson({ ...counts, deadLetters: dead.map(messageFacts) });
  else say(describeMessages(number, counts, dead, new Date(), width()));
}

function show(number: string, id: string, letters: DeadLetters | undefined, { json }: Flags): void {
  const message = letters?.get(id);
  if (message === undefined) throw unknownMessage([`There is no message ${id}.`], number);
  if (json === true) printJson({ ...messageFacts(message), message: rawModel(message) ?? null });
  else say(describeMessage(message, new Date(), width()));
}

function parseAction(text: string): Action {
  const action = actions.find((candidate) => candidate === text);
  if (action !== undefined) return action;
  throw new InvalidArgumentError(`It takes one of ${actions.join(', ')}.`);
}

function parseLimit(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It takes a positive whole number.');
}

function width(): number {
  return process.stdout.columns || 100;
}

function say(lines: readonly string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`);
}
