/** Milliseconds since 1970. */
type WallTime = number;

/**
 * Stops restarting what restarts don't cure. `closed`: failures are followed by restarts, with backoff. `open`: nothing is
 * started until `until`. `half-open`: one more life is on trial; its failure opens the breaker again, for twice as long, and
 * only a life that proves to be healthy closes it. Plain data, kept on disk with the tally.
 */
export interface Breaker {
  readonly state: 'closed' | 'open' | 'half-open';
  /** When the failures were that a healthy life has not yet made forgotten, within the window. */
  readonly failures: readonly WallTime[];
  /** How often it has opened since the last healthy life. */
  readonly trips: number;
  /** When the next life goes on trial; 0 while it isn't open. */
  readonly until: WallTime;
}

export interface BreakerLimits {
  /** So many failures within the window open it: the restart intensity, as Erlang/OTP names it. */
  readonly breakerFailures: number;
  readonly breakerWindowMs: number;
  /** How long it stays open the first time. */
  readonly breakerPauseMs: number;
}

export const closedBreaker: Breaker = { state: 'closed', failures: [], trips: 0, until: 0 };

/** Somebody who mends the machine at night should not have to wait for longer than this. */
export const longestPauseMs = 3_600_000;

/** A life has failed. Pure. While the breaker is open, what comes too late to be stopped changes nothing. */
export function noteFailure(breaker: Breaker, limits: BreakerLimits, nowMs: WallTime): Breaker {
  if (breaker.state === 'open') return breaker;
  const { breakerFailures, breakerWindowMs } = limits;
  const recent = breaker.failures.filter((time) => nowMs - time < breakerWindowMs);
  const failures = [...recent, nowMs].slice(-breakerFailures);
  if (breaker.state === 'closed' && failures.length < breakerFailures) return { ...breaker, failures };
  const trips = breaker.trips + 1;
  return { state: 'open', failures, trips, until: nowMs + pauseMs(trips, limits) };
}

/** How long it stays open at this trip, in ms: doubles each time, up to an hour. Pure. */
export function pauseMs(trips: number, { breakerPauseMs }: BreakerLimits): number {
  return Math.min(Math.max(longestPauseMs, breakerPauseMs), breakerPauseMs * 2 ** Math.min(trips - 1, 30));
}

/** The pause is over: the next life is on trial. */
export function tryAgain(breaker: Breaker): Breaker {
  return breaker.state === 'open' ? { ...breaker, state: 'half-open', until: 0 } : breaker;
}

/** How long nothing may be started, in ms; 0 when it may. A clock that was set back doesn't keep it open for longer. */
export function openForMs({ state, until, trips }: Breaker, limits: BreakerLimits, nowMs: WallTime): number {
  if (state !== 'open') return 0;
  return Math.max(0, Math.min(until - nowMs, pauseMs(trips, limits)));
}
