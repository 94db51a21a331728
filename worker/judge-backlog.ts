/** Behind until the wait is this share of the limit again: at the limit itself the account would go up and down. */
const overShare = 0.5;

/**
 * Whether the bot is behind: the next message of a chat waits for a free handler for longer than it may. What is queued
 * in one chat behind that chat's own messages doesn't count. Pure.
 *
 * @param waitedMs how long the one that has waited longest waits.
 */
export function isBehind(waitedMs: number, limitMs: number, wasBehind: boolean): boolean {
  return waitedMs > (wasBehind ? limitMs * overShare : limitMs);
}

/** What messages wait for: a free handler, or the page that has to tell of them. */
export type Backlog = 'handlers' | 'page';

/** Messages that came late one after the other, with none in time between them. */
export interface Lateness {
  readonly inARow: number;
  /** How long ago the last of them was written. */
  readonly ageMs: number;
  /** When it came, ms of any steady clock. */
  readonly at: number;
}

export const inTime: Lateness = { inARow: 0, ageMs: 0, at: 0 };

/** A few say nothing of the page: WhatsApp tells late of a message that could not be decrypted at first. */
const manyInARow = 10;
/** What was true of the last ones says nothing of now when none has come for so long. */
const lastingMs = 5_000;

/**
 * Notes a message that has come. Pure.
 *
 * @param ageMs how long ago it was written, by WhatsApp's clock.
 */
export function noteArrival(before: Lateness, ageMs: number, limitMs: number, now: number): Lateness {
  return ageMs > limitMs ? { inARow: before.inARow + 1, ageMs, at: now } : inTime;
}

/** How long messages wait before the page tells of them, in ms; 0 where it does so in time, or nothing is known. Pure. */
export function lateMs({ inARow, ageMs, at }: Lateness, now: number): number {
  return inARow >= manyInARow && now - at <= lastingMs ? ageMs : 0;
}

/** @returns the reason, as a sentence without a full stop, and what to do. Pure. */
export function explainBacklog(backlog: Backlog, limitMs: number): readonly [reason: string, userAction: string] {
  if (backlog === 'page') {
    return [
      `WhatsApp Web tells of messages more than ${limitMs} ms late`,
      'Look whether the browser has the CPU and memory it needs on this machine. Every message is kept.',
    ];
  }
  return [
    `Messages wait for the bot for more than ${limitMs} ms`,
    'Look whether its handlers end, and are quick enough; WASUP_HANDLER_CONCURRENCY lets more of them run side by ' +
      'side. Every message is kept.',
  ];
}
