import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

import { parseProcessStat, type ProcessStat } from '../../shared/process-stat.js';

export interface TableEntry {
  readonly pid: number;
  readonly parent: number;
  /** The kernel's letter: `Z` has ended, `T` is stopped. */
  readonly state: string;
  readonly commandLine: string;
  readonly environment: string;
}

/** All processes of this machine as they are now. Linux only. */
export function readProcessTable(): TableEntry[] {
  const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
  return pids.map(Number).flatMap((pid) => {
    try {
      const stat = readStatNow(pid);
      if (stat === undefined) return [];
      const { parent, state } = stat;
      return [{ pid, parent, state, commandLine: words(pid, 'cmdline'), environment: words(pid, 'environ') }];
    } catch {
      // It has gone meanwhile.
      return [];
    }
  });
}

/** Undefined when there is no such process. */
export function readStatNow(pid: number): ProcessStat | undefined {
  try {
    return parseProcessStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Those that descend from a process, which itself is not among them. */
export function descendantsOf(pid: number, table: readonly TableEntry[]): TableEntry[] {
  const children = table.filter(({ parent }) => parent === pid);
  return children.flatMap((child) => [child, ...descendantsOf(child.pid, table)]);
}

/** How much a process holds open. */
export function countDescriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** What each of them is, for a message. */
export function describeDescriptors(pid: number): string {
  return readdirSync(`/proc/${pid}/fd`)
    .map((descriptor) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${descriptor}`);
      } catch {
        return 'closed meanwhile';
      }
    })
    .toSorted()
    .join(', ');
}

/** Resident memory, in MB. */
export function residentMb(pid: number): number {
  const [, kilobytes = '0'] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kilobytes) / 1024);
}

function words(pid: number, file: 'cmdline' | 'environ'): string {
  return readFileSync(`/proc/${pid}/${file}`, 'utf8').replaceAll('\0', ' ').trim();
}
