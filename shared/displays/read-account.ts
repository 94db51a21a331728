import { readdir, stat } from 'node:fs/promises';
import { resolve } from 'node:path';

import { accountNumberPattern } from '../accounts.js';
import { type DeviceStatus, deviceStatusFile } from '../device-status.js';
import { WasupError } from '../errors.js';
import { fileError } from '../files/file-error.js';
import { peekJsonFile } from '../files/json-file.js';
import { sessionPaths } from '../paths.js';
import { restoreMetricsFile, type StoredAttempt } from '../restore-metrics.js';
import { type SessionHistoryEntry, sessionHistoryFile } from '../session-history.js';

/** What a command ends with that was asked for an account which isn't there. */
export const unknownAccountExitCode = 1;

/** Numbers of the accounts that have a folder, in their order. A missing sessions folder has none. */
export async function findAccounts(sessionsDirectory: string): Promise<string[]> {
  const names = await readdir(sessionsDirectory).catch((error: unknown): string[] => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw fileError('read', sessionsDirectory, error);
  });
  const numbers = names.map((name) => /^session-(\d+)$/.exec(name)?.[1] ?? '');
  return numbers.filter((number) => accountNumberPattern.test(number)).sort();
}

/** A file's content as far as it can be read, and what is wrong with it. Nothing is repaired: wasup may be running. */
export interface Peeked<Value> {
  readonly value: Value;
  readonly damage: string | undefined;
}

/** @throws WasupError when there is no such account. */
export async function peekStatus(sessionsDirectory: string, number: string): Promise<Peeked<DeviceStatus>> {
  const paths = await pathsOf(sessionsDirectory, number);
  return peekJsonFile(paths.deviceStatus, deviceStatusFile(number));
}

/** @throws WasupError when there is no such account. */
export async function peekHistory(
  sessionsDirectory: string,
  number: string,
): Promise<Peeked<readonly SessionHistoryEntry[]>> {
  const paths = await pathsOf(sessionsDirectory, number);
  return peekJsonFile(paths.sessionHistory, sessionHistoryFile);
}

/** @throws WasupError when there is no such account. */
export async function peekAttempts(
  sessionsDirectory: string,
  number: string,
): Promise<Peeked<readonly StoredAttempt[]>> {
  const paths = await pathsOf(sessionsDirectory, number);
  return peekJsonFile(paths.restoreMetrics, restoreMetricsFile);
}

/** @returns how many messages are parked, on which the bot has failed; undefined where that can't be seen. */
export async function peekDeadLetters(sessionsDirectory: string, number: string): Promise<number | undefined> {
  const { inbox } = await pathsOf(sessionsDirectory, number);
  const { DeadLetters } = await import('../inbox/dead-letters.js');
  let letters;
  try {
    letters = DeadLetters.open(inbox);
    return letters?.counts().dead;
  } catch {
    // What is wrong with it is said by "wasup messages", and by wasup itself.
    return undefined;
  } finally {
    letters?.close();
  }
}

async function pathsOf(sessionsDirectory: string, number: string) {
  const paths = sessionPaths(resolve(sessionsDirectory), number);
  const isThere =
    accountNumberPattern.test(number) && (await stat(paths.directory).catch(() => undefined))?.isDirectory();
  if (isThere === true) return paths;
  throw new WasupError(`There is no account ${JSON.stringify(number)}: no folder ${paths.directory}.`, {
    remedy: 'Look at the number (digits only, country code first) and at the sessions folder (WASUP_SESSIONS_DIR).',
    exitCode: unknownAccountExitCode,
  });
}
