import { readFile } from 'node:fs/promises';

export interface ProcessStat {
  /** `Z` and `X`: it has ended. `T`: it is stopped. */
  readonly state: string;
  readonly parent: number;
  readonly group: number;
}

/** What the kernel says of a process. Linux only; undefined when there is no such process. */
export async function readProcessStat(id: number): Promise<ProcessStat | undefined> {
  try {
    const stat = await readFile(`/proc/${id}/stat`, 'utf8');
    // pid (name) state parent group …; the name may hold anything, also parentheses.
    const [state = '', parent, group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state, parent: Number(parent), group: Number(group) };
  } catch {
    return undefined;
  }
}
