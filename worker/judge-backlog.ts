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

/** Where messages wait: for a free handler, or before they come to the worker at all. */
export type Backlog = 'handlers' | 'arrival';

/** Messages that came late one after the other, with none in time between them. */
export interface Lateness {
  readonly inARow: number;
  /** How long ago the last of them was written. */
  readonly ageMs: number;
  /** When it came, ms of any steady clock. */
  readonly at: number;
}

export const inTime: Lateness = { inARow: 0, ageMs: 0, at: 0 };

/** A few say nothing: WhatsApp tells late of a message that could not be decrypted at first. */
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

/** How long messages wait before they come to the worker, in ms; 0 where they come in time, or nothing is known. Pure. */
export function lateMs({ inARow, ageMs, at }: Lateness, now: number): number {
  return inARow >= manyInARow && now - at <= lastingMs ? ageMs : 0;
}

/** @returns the reason, as a sentence without a full stop, and what to do. Pure. */
export function explainBacklog(backlog: Backlog, limitMs: number): readonly [reason: string, userAction: string] {
  if (backlog === 'arrival') {
    return [
      `Messages come to the bot more than ${limitMs} ms after they were written`,
      'Look whether browser and bot have the CPU and memory they need on this machine, and whether a handler keeps the ' +
        "bot's thread busy. Every message is kept.",
    ];
  }
  return [
    `Messages wait for the bot for more than ${limitMs} ms`,
    'Look whether its handlers end, and are quick enough; WASUP_HANDLER_CONCURRENCY lets more of them run side by ' +
      'side. Every message is kept.',
  ];
}
