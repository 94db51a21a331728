import { describeError } from '../shared/errors.js';
import { classifyInboxError } from '../shared/inbox/inbox-file.js';
import type { ArrivalFault } from './arrivals.js';

/** A reason, as a sentence without a full stop, and what to do. */
export interface ExplainedFault {
  readonly reason: string;
  readonly userAction: string;
}

/**
 * Explains why incoming messages can't be journaled. Pure.
 *
 * @param directory the account's folder, for people.
 */
export function explainArrivalFault(
  { error, isFull }: Omit<ArrivalFault, 'isHeld'>,
  directory: string,
): ExplainedFault {
  const why = error === undefined ? '' : ` (${describeError(error)})`;
  const kept = isFull ? 'as many are kept in memory as may; others wait in the page' : 'they are kept in memory';
  return {
    reason: `Incoming messages can't be journaled${why}; ${kept}`,
    userAction: journalAction(error, directory),
  };
}

/** What to do about a journal that can't be written. Pure. */
export function journalAction(error: unknown, directory: string): string {
  return error === undefined || classifyInboxError(error) !== undefined
    ? `Free space on the disk of ${directory}, or make it writable; wasup goes on by itself.`
    : 'This is a fault of wasup: report it with these words. Restart the account if it lasts.';
}
