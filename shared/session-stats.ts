import { type FailureClass, type Milestone, milestones } from './protocol/messages.js';
import type { StoredAttempt } from './restore-metrics.js';
import type { SessionHistoryEntry } from './session-history.js';

/** With fewer values than this the largest one is all that could be said of the slowest twentieth. */
const fewestForP95 = 20;

export interface Durations {
  readonly count: number;
  /** Milliseconds, as the following. */
  readonly p50Ms: number;
  /** Null for fewer than 20 values. */
  readonly p95Ms: number | null;
  readonly maxMs: number;
}

export type Rung = StoredAttempt['rung'];

export interface SessionStats {
  readonly number: string;
  /** Since when attempts count: the time of the oldest that is stored; null without any. ISO 8601 in UTC. */
  readonly attemptsSince: string | null;
  readonly attempts: number;
  readonly succeeded: number;
  readonly failed: number;
  /** From 0 to 1; null without attempts. */
  readonly successRate: number | null;
  /** Of attempts that succeeded. */
  readonly durationsByRung: Partial<Record<Rung, Durations>>;
  /** What it took to reach each step after the one before, in all attempts that came so far. */
  readonly durationsByPhase: Partial<Record<Milestone, Durations>>;
  readonly failuresByClass: Partial<Record<FailureClass, number>>;
  /** How many attempts had to be helped over something that the library had missed. */
  readonly healed: number;
  readonly messagesCaughtUp: number;
  /** Since when downtime counts: the time of the oldest entry of the history; null without any. */
  readonly downtimeSince: string | null;
  /** How often a listening session was lost. */
  readonly losses: number;
  /** Milliseconds from each loss to when it listened again, was asked to stop, or now. */
  readonly downtimeMs: number;
  readonly downtimeByClassMs: Partial<Record<string, number>>;
  /** Whether it is lost now. */
  readonly isDown: boolean;
}

/** What history and attempts add up to. Pure. */
export function sessionStats(
  number: string,
  history: readonly SessionHistoryEntry[],
  attempts: readonly StoredAttempt[],
  now: Date,
): SessionStats {
  const succeeded = attempts.filter(({ outcome }) => outcome === 'listening');
  const failed = attempts.filter(({ outcome }) => outcome === 'failed');
  return {
    number,
    attemptsSince: attempts[0]?.timestamp ?? null,
    attempts: attempts.length,
    succeeded: succeeded.length,
    failed: failed.length,
    successRate: attempts.length === 0 ? null : succeeded.length / attempts.length,
    durationsByRung: groupDurations(succeeded.map(({ rung, durationMs }) => [rung, durationMs])),
    durationsByPhase: inOrder(
      milestones,
      groupDurations(attempts.flatMap(({ phases }) => Object.entries(phases) as [Milestone, number][])),
    ),
    failuresByClass: count(failed.map((attempt) => attempt.class ?? 'BUG')),
    healed: attempts.filter(({ healed }) => healed).length,
    messagesCaughtUp: sum(attempts.map(({ messagesCaughtUp }) => messagesCaughtUp)),
    downtimeSince: history[0]?.timestamp ?? null,
    ...downtime(history, now),
  };
}

type Downtime = Pick<SessionStats, 'losses' | 'downtimeMs' | 'downtimeByClassMs' | 'isDown'>;

/** A session that was asked to stop isn't down, whatever it was before. */
function downtime(history: readonly SessionHistoryEntry[], now: Date): Downtime {
  const byClass: Partial<Record<string, number>> = {};
  let losses = 0;
  let open: { since: number; class: string } | undefined;
  const close = (time: number): void => {
    if (open === undefined) return;
    // The clock may have been set back meanwhile.
    byClass[open.class] = (byClass[open.class] ?? 0) + Math.max(0, time - open.since);
    open = undefined;
  };
  for (const entry of history) {
    const time = Date.parse(entry.timestamp);
    if (entry.eventType === 'session_down' && open === undefined) {
      losses += 1;
      open = { since: time, class: typeof entry['class'] === 'string' ? entry['class'] : 'unknown' };
    } else if (entry.eventType === 'session_up' || entry.eventType === 'session_stopped') close(time);
  }
  const isDown = open !== undefined;
  close(now.getTime());
  const downtimeMs = sum(Object.values(byClass).map((ms) => ms ?? 0));
  return { losses, downtimeMs, downtimeByClassMs: byClass, isDown };
}

function groupDurations<Name extends string>(
  values: readonly (readonly [Name, number])[],
): Partial<Record<Name, Durations>> {
  const groups = new Map<Name, number[]>();
  for (const [name, ms] of values) groups.set(name, [...(groups.get(name) ?? []), ms]);
  const entries = [...groups].map(([name, group]) => [name, durations(group)] as const);
  return Object.fromEntries(entries) as Partial<Record<Name, Durations>>;
}

function durations(values: readonly number[]): Durations {
  const sorted = values.toSorted((a, b) => a - b);
  const rank = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return {
    count: sorted.length,
    p50Ms: rank(0.5),
    p95Ms: sorted.length < fewestForP95 ? null : rank(0.95),
    maxMs: rank(1),
  };
}

function inOrder<Name extends string, Value>(
  names: readonly Name[],
  values: Partial<Record<Name, Value>>,
): Partial<Record<Name, Value>> {
  const present = names.filter((name) => values[name] !== undefined);
  return Object.fromEntries(present.map((name) => [name, values[name]])) as Partial<Record<Name, Value>>;
}

function count<Name extends string>(names: readonly Name[]): Partial<Record<Name, number>> {
  const counts: Partial<Record<Name, number>> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
