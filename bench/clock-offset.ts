/** One look at another process' clock: what this one showed before it was asked and after it had answered. Milliseconds since 1970. */
export interface ClockLook {
  readonly before: number;
  readonly page: number;
  readonly after: number;
}

/**
 * How far the page's clock is ahead of this one, in ms: both take the time of day once, when they start, so that somebody who corrects the
 * machine's clock meanwhile sets them apart. Only what the looks prove counts; 0 where they agree with it. Pure.
 */
export function clockOffset(looks: readonly ClockLook[]): number {
  const atLeast = Math.max(...looks.map(({ page, after }) => page - after));
  const atMost = Math.min(...looks.map(({ page, before }) => page - before));
  if (atLeast > 0) return atLeast;
  return Math.min(atMost, 0);
}
