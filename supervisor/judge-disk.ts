/** What a look at the disk of the sessions folder has found. */
export interface DiskFindings {
  readonly freeMb: number;
  /** Files that can still be made; null where the file system has no such number. */
  readonly freeFiles: number | null;
}

/** Below so many files a browser can't start. */
const leastFreeFiles = 1_000;
/** What is low counts as low until there is so much more than the limit. */
const releaseFactor = 1.25;

/**
 * Whether the disk counts as low. One that was low has to get well clear of the limit first: one that is just at it would be told again and
 * again. Pure.
 *
 * @param limitMb 0: never.
 */
export function isDiskLow({ freeMb, freeFiles }: DiskFindings, limitMb: number, wasLow: boolean): boolean {
  if (limitMb === 0) return false;
  const factor = wasLow ? releaseFactor : 1;
  return freeMb < limitMb * factor || (freeFiles !== null && freeFiles < leastFreeFiles * factor);
}
