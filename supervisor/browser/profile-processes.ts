import { readdir, readFile, readlink, realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
  type ProcessIdentity,
  type ProcessStat,
  readProcessStat,
  signalStillRunning,
} from '../../shared/process-stat.js';

/** Which living processes belong to a browser. Linux only: elsewhere there is no `/proc`, and the answer is undefined. */
export interface BrowserProcesses {
  /** Of its process group. */
  readonly group: readonly number[];
  /** Those that have this folder as `--user-data-dir` on their command line, however it is spelled there, of the group or not. */
  readonly profile: readonly number[];
  /** Of these, the ones that direct a browser; the rest are its children, and a SIGTERM to those costs what they hold. */
  readonly main: readonly number[];
  /** Of all these, the ones that are stopped: they hear nothing before they are told to go on. */
  readonly stopped: readonly number[];
  /** Signals one of these if it is still the process that was found, and not another one that has its number by now. */
  signal(id: number, name: NodeJS.Signals): boolean;
}

/**
 * Looks for what is left of a browser. Zombies don't count: they hold nothing.
 * @param groupId the browser's process group; undefined to look for the profile only.
 */
export async function findBrowserProcesses(
  profileDirectory: string,
  groupId?: number,
): Promise<BrowserProcesses | undefined> {
  if (process.platform !== 'linux') return undefined;
  const entries = await readdir('/proc');
  const ids = entries.filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid).map(Number);
  const isProfile = comparePaths(profileDirectory);
  const looks = await Promise.all(ids.map((id) => look(id, isProfile, groupId)));
  const found = looks.filter((seen) => seen !== undefined);
  const select = (predicate: (seen: Seen) => boolean): number[] => found.filter(predicate).map(({ pid }) => pid);
  return {
    group: select(({ stat }) => stat.group === groupId),
    profile: select(({ role }) => role !== undefined),
    main: select(({ role }) => role === 'main'),
    stopped: select(({ stat }) => stat.state === 'T'),
    signal: (id, name) => {
      const seen = found.find(({ pid }) => pid === id);
      return seen !== undefined && signalStillRunning(seen, name);
    },
  };
}

interface Seen extends ProcessIdentity {
  readonly stat: ProcessStat;
  /** Undefined: not on the profile. */
  readonly role: 'main' | 'child' | undefined;
}

type IsProfile = (path: string, id: number) => Promise<boolean>;

/** Undefined: it has nothing to do with the browser, or ended while we looked. */
async function look(id: number, isProfile: IsProfile, groupId: number | undefined): Promise<Seen | undefined> {
  try {
    const seemsOnProfile = (await readRole(id, isProfile)) !== undefined;
    if (!seemsOnProfile && groupId === undefined) return undefined;
    const stat = await readProcessStat(id);
    if (stat === undefined || stat.state === 'Z' || stat.state === 'X') return undefined;
    if (!seemsOnProfile && stat.group !== groupId) return undefined;
    // Once more: only now it is known that command line and start time are of the same process.
    const role = seemsOnProfile ? await readRole(id, isProfile) : undefined;
    if (role === undefined && stat.group !== groupId) return undefined;
    return { pid: id, startTime: stat.startTime, stat, role };
  } catch {
    return undefined;
  }
}

/** Arguments end with a zero byte, but Chromium's children have rewritten theirs into one, joined by spaces. */
async function readRole(id: number, isProfile: IsProfile): Promise<Seen['role']> {
  const words = (await readFile(`/proc/${id}/cmdline`, 'utf8')).split('\0');
  const isChild = words.some((word) => word.startsWith('--type=')) || words[0]?.includes(' --type=') === true;
  for (const word of words) {
    if (word.startsWith(option) && (await isProfile(word.slice(option.length), id))) return isChild ? 'child' : 'main';
  }
  if (!isChild) return undefined;
  const [, joined] = / --user-data-dir=(.*?) --/.exec(`${words[0] ?? ''} --`) ?? [];
  return joined !== undefined && (await isProfile(joined, id)) ? 'child' : undefined;
}

const option = '--user-data-dir=';

/** The same folder can be spelled with a slash at its end, over a symbolic link, or from where its process was started. */
function comparePaths(profileDirectory: string): IsProfile {
  const known = new Map<string, Promise<boolean>>();
  const real = realpath(profileDirectory).catch(() => undefined);
  return async (path, id) => {
    if (path === profileDirectory) return true;
    const absolute = path.startsWith('/') ? path : resolve(await readlink(`/proc/${id}/cwd`).catch(() => '/'), path);
    const answer = known.get(absolute) ?? isSame(absolute, profileDirectory, real);
    known.set(absolute, answer);
    return answer;
  };
}

async function isSame(path: string, profileDirectory: string, real: Promise<string | undefined>): Promise<boolean> {
  if (resolve(path) === resolve(profileDirectory)) return true;
  const found = await realpath(path).catch(() => undefined);
  return found !== undefined && found === (await real);
}
