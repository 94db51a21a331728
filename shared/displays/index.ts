import type { DeviceStatus } from '../device-status.js';
import type { SessionHistoryEntry } from '../session-history.js';
import { sessionStats, type SessionStats } from '../session-stats.js';
import { describeHistory } from './describe-history.js';
import { describeStatus } from './describe-status.js';
import { peekAttempts, peekDeadLetters, peekHistory, peekStatus } from './read-account.js';

export interface DisplayOptions {
  /** Where the accounts' folders are. Default: WASUP_SESSIONS_DIR, or `./sessions`. */
  readonly sessionsDirectory?: string;
  /** Where the lines go. Default: stdout. */
  readonly write?: (line: string) => void;
  /** Columns of the terminal. Default: those of stdout, or 100. */
  readonly width?: number;
}

/**
 * Prints an account's status, and resolves with it. Only reads: it may be called while wasup runs.
 *
 * @param number digits only, country code first.
 * @throws WasupError that names the folder when there is no such account.
 */
export async function displayDeviceStatus(number: string, options: DisplayOptions = {}): Promise<DeviceStatus> {
  const directory = directoryFrom(options);
  const [{ value, damage }, deadLetters] = await Promise.all([
    peekStatus(directory, number),
    peekDeadLetters(directory, number),
  ]);
  print(describeStatus(value, { damage, deadLetters }, new Date(), widthFrom(options)), options);
  return value;
}

/**
 * Prints an account's newest events, oldest first, and resolves with them. Only reads.
 *
 * @param limit how many at most; wasup keeps 500.
 * @throws WasupError that names the folder when there is no such account; RangeError for a limit that is no positive integer.
 */
export async function displaySessionHistory(
  number: string,
  limit = 20,
  options: DisplayOptions = {},
): Promise<readonly SessionHistoryEntry[]> {
  if (!Number.isSafeInteger(limit) || limit < 1) throw new RangeError('limit must be a positive integer');
  const { value } = await peekHistory(directoryFrom(options), number);
  const newest = value.slice(-limit);
  print(describeHistory(newest, new Date(), widthFrom(options)), options);
  return newest;
}

/**
 * Adds up how an account's sessions came up and how long they were away. Only reads, prints nothing.
 *
 * @throws WasupError that names the folder when there is no such account.
 */
export async function getSessionStats(
  number: string,
  options: Pick<DisplayOptions, 'sessionsDirectory'> = {},
): Promise<SessionStats> {
  const directory = directoryFrom(options);
  const [history, attempts] = await Promise.all([peekHistory(directory, number), peekAttempts(directory, number)]);
  return sessionStats(number, history.value, attempts.value, new Date());
}

function directoryFrom({ sessionsDirectory }: DisplayOptions): string {
  const { WASUP_SESSIONS_DIR: configured = '' } = process.env;
  return sessionsDirectory ?? (configured === '' ? './sessions' : configured);
}

function widthFrom({ width }: DisplayOptions): number {
  return width ?? (process.stdout.isTTY ? process.stdout.columns : 100);
}

function print(lines: readonly string[], { write = writeLine }: DisplayOptions): void {
  for (const line of lines) write(line);
}

function writeLine(line: string): void {
  process.stdout.write(`${line}\n`);
}
