export interface BackoffLimits {
  /** The longest pause after the second failure in a row; it doubles from there. */
  readonly backoffBaseMs: number;
  readonly backoffCapMs: number;
}

/**
 * The pause before the next try, in ms. Pure: nothing before the first restart, then doubling from base to cap, spread over
 * the upper half.
 *
 * @param failures in a row, the newest included.
 * @param random between 0 and 1; spreads pauses, so that many accounts that lost the same network don't come back in the
 * same moment.
 */
export function backoffMs(failures: number, random: number, { backoffBaseMs, backoffCapMs }: BackoffLimits): number {
  if (failures <= 1) return 0;
  const longest = Math.min(backoffCapMs, backoffBaseMs * 2 ** (failures - 2));
  return Math.round(longest / 2 + (longest / 2) * random);
}

/** The longest that all pauses between so many failures in a row can be together, in ms. Pure. */
export function longestPausesMs(failures: number, limits: BackoffLimits): number {
  let sum = 0;
  for (let failure = 1; failure < failures; failure += 1) sum += backoffMs(failure, 1, limits);
  return sum;
}
