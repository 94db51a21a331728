import { lstat, readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { BrowserStartError } from './browser-start-error.js';
import { readProcessStat } from '../../shared/process-stat.js';
import { findBrowserProcesses } from './profile-processes.js';
import { removeLocks } from './stop-browser.js';

export interface ProfileLock {
  readonly host: string;
  readonly pid: number;
}

/** What `SingletonLock` points at: `<host>-<pid>`, where the host may have dashes. Undefined for anything else. */
export function parseProfileLock(target: string): ProfileLock | undefined {
  const [, host, digits] = /^(.+)-([1-9]\d{0,9})$/.exec(target) ?? [];
  return host === undefined ? undefined : { host, pid: Number(digits) };
}

/**
 * Removes Chromium's own lock from a profile where it would keep our browser out or make it do harm:
 *
 * - Another host's, as it is left in a container that was made anew: Chromium would leave with exit code 21.
 * - This host's with the number of a process that is somebody else by now: where that is a browser, another account's say, Chromium takes
 *   it for the owner, waits for 20 s and kills it.
 *
 * A lock of this host whose process is gone is left to Chromium, which removes it by itself. Linux only: elsewhere nobody can look for an
 * owner, and the lock stays.
 *
 * The caller holds the account's lock (`account-lock.ts`), which says, across hosts, that nobody else works on the folder, and has seen
 * that no browser of this machine is on the profile (`vacateProfile`).
 *
 * @param onNews told in a sentence when the lock was removed.
 * @throws BrowserStartError when a living browser of this host owns the lock.
 */
export async function clearProfileLock(
  profileDirectory: string,
  onNews: (sentence: string) => void,
  ownHost = hostname(),
): Promise<void> {
  const found = await findBrowserProcesses(profileDirectory);
  if (found === undefined) return;
  const path = join(profileDirectory, 'SingletonLock');
  const target = await readlink(path).catch(() => '');
  const lock = parseProfileLock(target);
  if (lock === undefined) return;
  const owner = found.main[0] ?? found.profile[0];
  if (owner !== undefined) throw inUse(profileDirectory, owner);
  if (lock.host === ownHost) {
    const holder = await judgeHolder(lock.pid, (await lstat(path)).mtimeMs);
    if (holder === 'gone') return;
    if (holder === 'unknown') throw inUse(profileDirectory, lock.pid);
  }
  await removeLocks(profileDirectory);
  const whose =
    lock.host === ownHost ? `of process ${lock.pid}, which is another one by now,` : `of another machine (${target})`;
  onNews(
    `The profile had a lock ${whose} on it. This supervisor holds the account and no browser is on the profile: removed.`,
  );
}

/** Its clock and the kernel's needn't agree to the second. */
const clockSlackMs = 60_000;

/** Nobody was found on the profile: whoever has the number of the lock's owner is somebody else, if we can see what it is. */
async function judgeHolder(pid: number, lockedAtMs: number): Promise<'gone' | 'another' | 'unknown'> {
  const stat = await readProcessStat(pid);
  if (stat === undefined || stat.state === 'Z' || stat.state === 'X') return 'gone';
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  // What it was started with says that it isn't on this profile. A process without words hides them, or is the kernel's own.
  if (commandLine !== '') return 'another';
  const startedAtMs = await startedAt(stat.startTime);
  return startedAtMs !== undefined && startedAtMs > lockedAtMs + clockSlackMs ? 'another' : 'unknown';
}

/** The kernel's own unit for start times, on every system that Node runs on. */
const ticksPerSecond = 100;

/** In ms since 1970. */
async function startedAt(startTicks: number): Promise<number | undefined> {
  const [, bootedAt] = /^btime (\d+)$/m.exec(await readFile('/proc/stat', 'utf8').catch(() => '')) ?? [];
  return bootedAt === undefined ? undefined : (Number(bootedAt) + startTicks / ticksPerSecond) * 1_000;
}

function inUse(profileDirectory: string, pid: number): BrowserStartError {
  return new BrowserStartError(
    'profile-in-use',
    `Process ${pid} of this machine holds the browser profile ${profileDirectory}.`,
    { remedy: `Look at it with "ps -fp ${pid}" and end it; two browsers on one profile damage the login.` },
  );
}
