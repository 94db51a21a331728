import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { WasupError } from '../shared/errors.js';
import { supervisorExitCodes } from '../shared/exit-codes.js';
import { fileError } from '../shared/files/file-error.js';
import {
  claim,
  diskTimeMs,
  highestIn,
  type LockFile,
  markReleased,
  readHighest,
  readLockFile,
  remove,
  removeBelow,
  touch,
} from './lock-files.js';
import { describeHolder, describeOwnProcess, judgeHolder, type LockContent, type LockHolder } from './lock-holder.js';

export { describeHolder, type LockHolder } from './lock-holder.js';

/** How often a holder touches its file, for those who can't see its process. */
const touchIntervalMs = 10_000;
/** Six touches: a holder that missed them all is gone. */
const defaultStaleAfterMs = 60_000;
const lookIntervalMs = 250;

export interface AccountLockOptions {
  /** This process; tests say something else. */
  readonly own?: LockHolder;
  /** Milliseconds without a touch after which a holder that can't be looked at counts as gone. Default: 60000. */
  readonly staleAfterMs?: number;
  /** Milliseconds between touches. Default: 10000. */
  readonly touchIntervalMs?: number;
  /** Told before waiting to see whether a holder that can't be looked at is still there. */
  readonly onWait?: (sentence: string) => void;
  /** Told when somebody has taken the lock over: this process was away for longer than a holder may be. */
  readonly onLost?: () => void;
}

export interface AccountLock {
  /** Gives the lock back; a second call does nothing. Never rejects: the lock of a dead process is free, too. */
  release(): Promise<void>;
}

/**
 * Takes the one lock of an account, so that no two processes work on its login at once.
 *
 * The lock is the file `.lock.<n>` with the highest n. Taking over from a holder that is gone means to make n+1, which
 * one process alone can, and then to see that it is the highest. The highest is never removed, only marked as released:
 * nobody can begin at 1 again beside a living n. A holder whose process can't be looked at (another machine, another
 * container, a damaged file) is judged by whether it goes on touching its file; that may take a minute.
 *
 * @param directory the account's folder; is made when missing.
 * @throws WasupError with exit code 73 when somebody holds it, and others when the folder can't be written.
 */
export async function acquireAccountLock(directory: string, options: AccountLockOptions = {}): Promise<AccountLock> {
  const own = options.own ?? (await describeOwnProcess());
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    for (;;) {
      const highest = await readHighest(directory);
      if (highest !== undefined) await untilFree(directory, highest, own, options);
      const generation = (highest?.generation ?? 0) + 1;
      if (!(await claim(directory, generation, `${JSON.stringify(own)}\n`))) continue;
      if ((await highestIn(directory)) === generation) {
        await removeBelow(directory, generation);
        return hold(directory, generation, own, options);
      }
      // We looked before somebody took over, and have made a number again that was removed already.
      await remove(directory, generation);
    }
  } catch (error) {
    throw fileError('write', join(directory, '.lock'), error);
  }
}

/** @throws WasupError as soon as it is clear that somebody has it. */
async function untilFree(
  directory: string,
  { generation, content, touchedMs }: LockFile,
  own: LockHolder,
  { staleAfterMs = defaultStaleAfterMs, onWait }: AccountLockOptions,
): Promise<void> {
  if (content === 'released') return;
  const verdict = content === 'unreadable' ? 'unknown' : await judgeHolder(content, own);
  if (verdict === 'dead') return;
  if (verdict === 'alive') throw heldBy(directory, content, own);
  const ageMs = Math.max(0, (await diskTimeMs(directory)) - touchedMs);
  if (ageMs >= staleAfterMs) return;
  onWait?.(
    `${directory} was held ${Math.round(ageMs / 1_000)} s ago by ${whois(content, own)}; ` +
      `waiting up to ${Math.ceil((staleAfterMs - ageMs) / 1_000)} s to see whether it is still there.`,
  );
  const begin = performance.now();
  while (performance.now() - begin < staleAfterMs - ageMs) {
    await delay(Math.min(lookIntervalMs, staleAfterMs / 10));
    const now = await readLockFile(directory, generation);
    if (now.content === 'released') return;
    if (now.touchedMs !== touchedMs) throw heldBy(directory, content, own);
  }
}

function hold(directory: string, first: number, own: LockHolder, options: AccountLockOptions): AccountLock {
  let generation = first;
  let released = false;
  let looking = false;
  const isReleased = (): boolean => released;
  const look = async (): Promise<void> => {
    if (looking || (await touch(directory, generation)) !== 'gone' || isReleased()) return;
    looking = true;
    const again = await retake(directory, generation, own).finally(() => (looking = false));
    if (again !== undefined) {
      generation = again;
      if (isReleased()) await markReleased(directory, generation);
      return;
    }
    clearInterval(timer);
    if (!isReleased()) options.onLost?.();
  };
  // Whatever the disk says: the next look comes.
  const timer = setInterval(() => void look().catch(() => undefined), options.touchIntervalMs ?? touchIntervalMs);
  timer.unref();
  return {
    async release() {
      if (released) return;
      released = true;
      clearInterval(timer);
      // It may have been taken over; what stands there now is not ours to change.
      const highest = await highestIn(directory).catch(() => 0);
      if (highest === generation) await markReleased(directory, generation);
    },
  };
}

/** Somebody has removed our file: only whoever has put another in its place is the holder now. */
async function retake(directory: string, lost: number, own: LockHolder): Promise<number | undefined> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const highest = await readHighest(directory);
  if (highest !== undefined && !(await isFree(highest, own))) return undefined;
  const generation = Math.max(lost, highest?.generation ?? 0) + 1;
  if (!(await claim(directory, generation, `${JSON.stringify(own)}\n`))) return undefined;
  if ((await highestIn(directory)) === generation) return generation;
  await remove(directory, generation);
  return undefined;
}

async function isFree({ content }: LockFile, own: LockHolder): Promise<boolean> {
  if (content === 'released') return true;
  return content !== 'unreadable' && (await judgeHolder(content, own)) === 'dead';
}

function heldBy(directory: string, content: LockContent, own: LockHolder): WasupError {
  const stop = typeof content === 'object' ? `Stop that process (kill ${content.pid})` : 'Stop what else uses it';
  return new WasupError(`Another supervisor (${whois(content, own)}) holds ${directory}.`, {
    remedy: `${stop}, or let this one work on another folder.`,
    exitCode: supervisorExitCodes.alreadyRunning,
  });
}

function whois(content: LockContent, own: LockHolder): string {
  return typeof content === 'object' ? describeHolder(content, own) : 'somebody who has left no name';
}
