import { type FailureClass, failureClasses } from '../shared/protocol/messages.js';
import { type Breaker, closedBreaker } from './breaker.js';

/** What has failed lately, by class, and what WhatsApp has been asked for. Plain data, kept on disk: a restarted supervisor goes on counting. */
export interface Tally {
  /** Failures in a row, since the account last listened for long enough. */
  readonly failures: Readonly<Record<FailureClass, FailureCount>>;
  readonly breaker: Breaker;
  /** Why the stored login has to be set aside; null when it has not been found unpaired. */
  readonly unpaired: string | null;
  /** When WhatsApp Web was opened, within the last hour. */
  readonly logins: readonly WallTime[];
  /** When the device was linked anew, within the last day. */
  readonly links: readonly WallTime[];
}

export interface FailureCount {
  readonly count: number;
  readonly lastAt: WallTime;
}

/** Milliseconds since 1970. */
type WallTime = number;

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/**
 * How long after its last failure a class starts from nothing. Longer than the longest pause between two attempts
 * of that class: while an account goes on failing, its count goes on growing.
 */
export const decayMs: Readonly<Record<FailureClass, number>> = {
  LOCAL: 10 * minute,
  NETWORK: 10 * minute,
  TRANSIENT: 10 * minute,
  AUTH: hour,
  TERMINAL: hour,
  INCOMPATIBLE: 2 * day,
  CONFIGURATION: hour,
  BUG: hour,
};

/** A device that was linked so often within a day isn't linked again before a person asks for it. */
export const maxLinksPerDay = 10;

const none: FailureCount = { count: 0, lastAt: 0 };

export function emptyTally(): Tally {
  const failures = Object.fromEntries(failureClasses.map((name) => [name, none])) as Record<FailureClass, FailureCount>;
  return { failures, breaker: closedBreaker, unpaired: null, logins: [], links: [] };
}

export function countFailure(tally: Tally, failureClass: FailureClass, nowMs: WallTime): Tally {
  const count = countOf(tally, failureClass, nowMs) + 1;
  return { ...tally, failures: { ...tally.failures, [failureClass]: { count, lastAt: nowMs } } };
}

/** Failures of this class in a row, 0 when the last one is long ago. */
export function countOf(tally: Tally, failureClass: FailureClass, nowMs: WallTime): number {
  const { count, lastAt } = tally.failures[failureClass];
  return nowMs - lastAt > decayMs[failureClass] ? 0 : count;
}

/** The account has proved to be healthy, or a person begins anew: the next failure is a new one. */
export function forgive(tally: Tally): Tally {
  const isClean = tally.breaker === closedBreaker && failureClasses.every((name) => tally.failures[name].count === 0);
  return isClean ? tally : { ...tally, failures: emptyTally().failures, breaker: closedBreaker };
}

export function forgiveClass(tally: Tally, failureClass: FailureClass): Tally {
  if (tally.failures[failureClass].count === 0) return tally;
  return { ...tally, failures: { ...tally.failures, [failureClass]: none } };
}

/** @param maxLoginsPerHour as configured; older ones need not be remembered. */
export function noteLogin(tally: Tally, nowMs: WallTime, maxLoginsPerHour: number): Tally {
  return { ...tally, logins: [...within(tally.logins, hour, nowMs), nowMs].slice(-maxLoginsPerHour) };
}

export function noteLink(tally: Tally, nowMs: WallTime): Tally {
  return { ...tally, links: [...within(tally.links, day, nowMs), nowMs].slice(-maxLinksPerDay) };
}

/** How long to wait, in ms, until WhatsApp Web may be opened again. */
export function loginPauseMs(tally: Tally, nowMs: WallTime, maxLoginsPerHour: number): number {
  const recent = within(tally.logins, hour, nowMs);
  const oldest = recent[recent.length - maxLoginsPerHour];
  return oldest === undefined ? 0 : oldest + hour - nowMs;
}

export function isLinkedTooOften(tally: Tally, nowMs: WallTime): boolean {
  return within(tally.links, day, nowMs).length >= maxLinksPerDay;
}

/**
 * What a tally means that another process wrote, perhaps by another clock. Times that lie in the future become now: a
 * clock that was set back must not lock an account out for years.
 */
export function readmit(tally: Tally, nowMs: WallTime): Tally {
  const past = (time: WallTime): WallTime => Math.min(time, nowMs);
  const failures = Object.fromEntries(
    failureClasses.map((name) => {
      const { count, lastAt } = tally.failures[name];
      return [name, { count, lastAt: past(lastAt) }];
    }),
  ) as Record<FailureClass, FailureCount>;
  const breaker = { ...tally.breaker, failures: tally.breaker.failures.map(past) };
  return { ...tally, failures, breaker, logins: tally.logins.map(past), links: tally.links.map(past) };
}

/** In the order of the list; a clock that was set back makes the times that lie ahead count as now. */
function within(times: readonly WallTime[], windowMs: number, nowMs: WallTime): WallTime[] {
  return times.map((time) => Math.min(time, nowMs)).filter((time) => nowMs - time < windowMs);
}
