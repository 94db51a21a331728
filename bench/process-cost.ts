import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** How much of a processor some processes have had so far. */
export interface Processor {
  readonly atMs: number;
  readonly msById: ReadonlyMap<number, number>;
}

/** In milliseconds since each process's start; those that have gone are left out. Linux only. */
export function readProcessor(processIds: readonly number[]): Processor {
  const msById = new Map<number, number>();
  for (const id of processIds) {
    const ms = readProcessorMs(id);
    if (ms !== undefined) msById.set(id, ms);
  }
  return { atMs: performance.now(), msById };
}

/** The part of one processor that they have had since then; 1 is all of it. */
export function processorSince({ atMs, msById }: Processor): number {
  let usedMs = 0;
  for (const [id, before] of msById) usedMs += Math.max(0, (readProcessorMs(id) ?? before) - before);
  return usedMs / (performance.now() - atMs);
}

export interface Memory {
  readonly rssBytes: number;
  /** What is shared with others counts in part. */
  readonly pssBytes: number;
}

/** Linux only. @throws Error when there is no such process. */
export function readMemory(id: number): Memory {
  const text = readFileSync(`/proc/${id}/smaps_rollup`, 'utf8');
  const bytes = (pattern: RegExp): number => Number(pattern.exec(text)?.[1]) * 1024;
  return { rssBytes: bytes(/^Rss:\s+(\d+) kB/m), pssBytes: bytes(/^Pss:\s+(\d+) kB/m) };
}

let millisecondsPerTick: number | undefined;

function readProcessorMs(id: number): number | undefined {
  millisecondsPerTick ??= 1_000 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  try {
    const stat = readFileSync(`/proc/${id}/stat`, 'utf8');
    // The name before it may hold anything, also parentheses. User and system time are the fourteenth and fifteenth field.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * millisecondsPerTick;
  } catch {
    return undefined;
  }
}
