import { readFileSync } from 'node:fs';
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

/** What the process is at, in the kernel's letter (`T`: stopped by a signal), without waiting; undefined when there is none. Linux only. */
export function processStateNow(id: number): string | undefined {
  try {
    return parseProcessStat(readFileSync(`/proc/${id}/stat`, 'utf8')).state;
  } catch {
    return undefined;
  }
}

/** A process that no later one with its number is taken for. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTime: number;
}

/** Whether this very process still runs. A zombie doesn't: it holds nothing. */
export function isStillRunning({ pid, startTime }: ProcessIdentity): boolean {
  try {
    const stat = parseProcessStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    return stat.startTime === startTime && stat.state !== 'Z' && stat.state !== 'X';
  } catch {
    return false;
  }
}

/**
 * Signals this very process, and nobody who has its number by now: between look and signal lies no turn of the event loop.
 * @returns false if it has gone.
 */
export function signalStillRunning(identity: ProcessIdentity, name: NodeJS.Signals): boolean {
  if (!isStillRunning(identity)) return false;
  try {
    return process.kill(identity.pid, name);
  } catch {
    return false;
  }
}

/** Of the text of `/proc/<id>/stat`: `pid (name) state parent group …`; the name may hold anything, also parentheses. Pure. */
export function parseProcessStat(stat: string): ProcessStat {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state = '', parent, group] = fields;
  return { state, parent: Number(parent), group: Number(group), startTime: Number(fields[19]) };
}
