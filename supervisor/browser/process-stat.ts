import { readFile } from 'node:fs/promises';

export interface ProcessStat {
  /** `Z` and `X`: it has ended. `T`: it is stopped. */
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  /** In clock ticks since boot: tells a process from an earlier one with the same id. */
  readonly startTime: number;
}

/** What the kernel says of a process. Linux only; undefined when there is no such process. */
export async function readProcessStat(id: number): Promise<ProcessStat | undefined> {
  try {
    return parseProcessStat(await readFile(`/proc/${id}/stat`, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Of the text of `/proc/<id>/stat`. Pure. */
export function parseProcessStat(stat: string): ProcessStat {
  // pid (name) state parent group …; the name may hold anything, also parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state = '', parent, group] = fields;
  return { state, parent: Number(parent), group: Number(group), startTime: Number(fields[19]) };
}
