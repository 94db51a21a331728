import { readdir, readFile } from 'node:fs/promises';

/** Which living processes belong to a browser. Linux only: elsewhere there is no `/proc`, and the answer is undefined. */
export interface BrowserProcesses {
  /** Of its process group. */
  readonly group: readonly number[];
  /** Those that have exactly this `--user-data-dir` on their command line, of the group or not. */
  readonly profile: readonly number[];
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
  return {
    group: ids.filter((_, index) => found[index]?.inGroup),
    profile: ids.filter((_, index) => found[index]?.hasProfile),
  };
}

async function look(id: number, profileDirectory: string, groupId: number | undefined) {
  try {
    const [stat, commandLine] = await Promise.all([
      readFile(`/proc/${id}/stat`, 'utf8'),
      readFile(`/proc/${id}/cmdline`, 'utf8'),
    ]);
    // pid (name) state parent group …; the name may hold anything, also parentheses.
    const [state, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z' || state === 'X') return undefined;
    return {
      inGroup: groupId !== undefined && Number(group) === groupId,
      hasProfile: names(commandLine, profileDirectory),
    };
  } catch {
    // It ended while we looked.
    return undefined;
  }
}

/** Arguments end with a zero byte, but Chromium's children have rewritten theirs into one, joined by spaces. */
function names(commandLine: string, profileDirectory: string): boolean {
  const wanted = `--user-data-dir=${profileDirectory}`;
  const words = commandLine.split('\0');
  if (words.includes(wanted)) return true;
  return words[0]?.includes(' --type=') === true && `${words[0]} --`.includes(` ${wanted} --`);
}
