/** In bytes; 0: none. */
export interface MemoryLimits {
  readonly softBytes: number;
  readonly hardBytes: number;
}

/** Since when there has been a reason for new processes; monotonic milliseconds, null while there is none. */
export interface MemoryTrend {
  readonly overSoftSinceMs: number | null;
  readonly overHardSinceMs: number | null;
}

export const noTrend: MemoryTrend = { overSoftSinceMs: null, overHardSinceMs: null };

/** What one more measurement makes of the trend. Pure. */
export function followMemory(
  before: MemoryTrend,
  bytes: number,
  { softBytes, hardBytes }: MemoryLimits,
  nowMs: number,
): MemoryTrend {
  const since = (limit: number, earlier: number | null): number | null =>
    limit > 0 && bytes > limit ? (earlier ?? nowMs) : null;
  return {
    overSoftSinceMs: since(softBytes, before.overSoftSinceMs),
    overHardSinceMs: since(hardBytes, before.overHardSinceMs),
  };
}

export interface MemoryCircumstances {
  readonly trend: MemoryTrend;
  /** When age became a reason; monotonic, null while it is none. */
  readonly oldSinceMs: number | null;
  readonly nowMs: number;
  /** When processes were replaced last because of memory or age; monotonic, null when they never were. */
  readonly lastRecycleAtMs: number | null;
  readonly listening: boolean;
  /** How long it has listened without a message, in ms. */
  readonly silenceMs: number;
  /** How long none may have come for a planned restart. */
  readonly quietMs: number;
}

export type MemoryVerdict =
  | { readonly action: 'fine' }
  /** There is a reason, and it isn't the moment: not confirmed, not quiet, not listening, too soon after the last time. */
  | { readonly action: 'wait' }
  | { readonly action: 'recycle'; readonly because: 'soft-limit' | 'age' }
  | { readonly action: 'recycle-now'; readonly because: 'hard-limit' };

/** An account that is never quiet for long is interrupted all the same. */
const longestWaitMs = 3_600_000;
/** A session that always needs more than the soft limit goes on living, with an interruption now and then. */
const softPauseMs = 600_000;
/** Nothing is replaced more often than this: each time is a login, and too many make WhatsApp suspicious. */
const leastPauseMs = 120_000;

/** Pure. A single measurement decides nothing: a page that is loading may need a lot for a moment. */
export function judgeMemory(circumstances: MemoryCircumstances): MemoryVerdict {
  const { trend, oldSinceMs, nowMs, lastRecycleAtMs, listening, silenceMs, quietMs } = circumstances;
  const { overSoftSinceMs, overHardSinceMs } = trend;
  const pauseMs = lastRecycleAtMs === null ? Infinity : nowMs - lastRecycleAtMs;
  if (isConfirmed(overHardSinceMs, nowMs) && pauseMs >= leastPauseMs) {
    return { action: 'recycle-now', because: 'hard-limit' };
  }
  const isSoftDue = isConfirmed(overSoftSinceMs, nowMs) && pauseMs >= softPauseMs;
  const isAgeDue = oldSinceMs !== null && pauseMs >= leastPauseMs;
  if (overSoftSinceMs === null && overHardSinceMs === null && oldSinceMs === null) return { action: 'fine' };
  const isQuiet = silenceMs >= quietMs;
  const hasWaited = nowMs - Math.min(overSoftSinceMs ?? nowMs, oldSinceMs ?? nowMs) >= longestWaitMs;
  if (!listening || !(isQuiet || hasWaited)) return { action: 'wait' };
  if (isSoftDue) return { action: 'recycle', because: 'soft-limit' };
  return isAgeDue ? { action: 'recycle', because: 'age' } : { action: 'wait' };
}

/** A measurement after the first one has found the same. */
function isConfirmed(sinceMs: number | null, nowMs: number): boolean {
  return sinceMs !== null && nowMs > sinceMs;
}
