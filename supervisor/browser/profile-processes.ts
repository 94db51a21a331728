import { readdir, readFile } from 'node:fs/promises';
import { readProcessStat } from './process-stat.js';

/** Which living processes belong to a browser. Linux only: elsewhere there is no `/proc`, and the answer is undefined. */
export interface BrowserProcesses {
  /** Of its process group. */
  readonly group: readonly number[];
  /** Those that have exactly this `--user-data-dir` on their command line, of the group or not. */
  readonly profile: readonly number[];
  /** Of these, the ones that direct a browser; the rest are its children, and a SIGTERM to those costs what they hold. */
  readonly main: readonly number[];
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
  const ids = entries.filter((entry) => /^\d+$/.test(entry)).map(Number);
  const found = await Promise.all(ids.map((id) => look(id, profileDirectory, groupId)));
  const select = (predicate: (seen: Seen) => boolean): number[] =>
    ids.filter((id, index) => id !== process.pid && predicate(found[index] ?? nothing));
  return {
    group: select(({ inGroup }) => inGroup),
    profile: select(({ role }) => role !== undefined),
    main: select(({ role }) => role === 'main'),
  };
}

interface Seen {
  readonly inGroup: boolean;
  /** Undefined: not on the profile. */
  readonly role: 'main' | 'child' | undefined;
}

const nothing: Seen = { inGroup: false, role: undefined };

async function look(id: number, profileDirectory: string, groupId: number | undefined): Promise<Seen> {
  try {
    const role = roleOf(await readFile(`/proc/${id}/cmdline`, 'utf8'), profileDirectory);
    if (role === undefined && groupId === undefined) return nothing;
    const stat = await readProcessStat(id);
    if (stat === undefined || stat.state === 'Z' || stat.state === 'X') return nothing;
    return { role, inGroup: stat.group === groupId };
  } catch {
    // It ended while we looked.
    return nothing;
  }
}

/** Arguments end with a zero byte, but Chromium's children have rewritten theirs into one, joined by spaces. */
function roleOf(commandLine: string, profileDirectory: string): Seen['role'] {
  const wanted = `--user-data-dir=${profileDirectory}`;
  const words = commandLine.split('\0');
  const isChild = words.some((word) => word.startsWith('--type=')) || words[0]?.includes(' --type=') === true;
  if (words.includes(wanted)) return isChild ? 'child' : 'main';
  return isChild && `${words[0] ?? ''} --`.includes(` ${wanted} --`) ? 'child' : undefined;
}
