import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

import { z } from 'zod';

import { readProcessStat } from '../shared/process-stat.js';
import { isThere } from './browser/signals.js';

const holderSchema = z.object({
  pid: z.int().positive(),
  /** Of the process, in clock ticks since boot; null where there is no `/proc`. */
  startTime: z.int().nonnegative().nullable(),
  bootId: z.string().nullable(),
  /** Which table of processes the pid belongs to: containers of one machine have tables of their own. */
  pidNamespace: z.string().nullable(),
  hostname: z.string(),
  /** When it took the lock; ISO 8601 in UTC. */
  since: z.iso.datetime(),
});

/** A process that holds an account, as it has written itself down. */
export type LockHolder = z.infer<typeof holderSchema>;

/** What a lock file says: who holds it, that it was given back, or (damaged) nothing. */
export type LockContent = LockHolder | 'released' | 'unreadable';

export const releasedText = `${JSON.stringify({ released: true })}\n`;

export function parseLockContent(text: string): LockContent {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return 'unreadable';
  }
  if (z.object({ released: z.literal(true) }).safeParse(content).success) return 'released';
  const parsed = holderSchema.safeParse(content);
  return parsed.success ? parsed.data : 'unreadable';
}

/** This process as a holder. */
export async function describeOwnProcess(): Promise<LockHolder> {
  const stat = await readProcessStat(process.pid);
  return {
    pid: process.pid,
    startTime: stat?.startTime ?? null,
    bootId: readOrNull(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    pidNamespace: readOrNull(() => readlinkSync('/proc/self/ns/pid')),
    hostname: hostname(),
    since: new Date().toISOString(),
  };
}

/**
 * Whether the holder lives. A stopped process does. `unknown`: it is on another machine or in another container, where its
 * pid says nothing to us.
 *
 * @param own this process, as {@link describeOwnProcess} says it.
 */
export async function judgeHolder(holder: LockHolder, own: LockHolder): Promise<'alive' | 'dead' | 'unknown'> {
  if (holder.hostname !== own.hostname) return 'unknown';
  if (holder.bootId !== own.bootId) return 'dead';
  if (holder.pidNamespace !== own.pidNamespace) return 'unknown';
  if (!isThere(holder.pid)) return 'dead';
  const stat = await readProcessStat(holder.pid);
  // No /proc, or another user's process that it hides from us.
  if (stat === undefined) return isThere(holder.pid) ? 'alive' : 'dead';
  if (stat.state === 'Z' || stat.state === 'X') return 'dead';
  return holder.startTime === null || holder.startTime === stat.startTime ? 'alive' : 'dead';
}

/** For people: `pid 123`, or more where that isn't enough to find it. */
export function describeHolder(holder: LockHolder, own?: Pick<LockHolder, 'hostname' | 'pidNamespace'>): string {
  if (own !== undefined && holder.hostname !== own.hostname) return `pid ${holder.pid} on ${holder.hostname}`;
  if (own !== undefined && holder.pidNamespace !== own.pidNamespace) return `pid ${holder.pid} of another container`;
  return `pid ${holder.pid}`;
}

function readOrNull(read: () => string): string | null {
  try {
    return read();
  } catch {
    return null;
  }
}
