import type { Head, InboxMessage } from '../shared/inbox/inbox-message.js';
import { isBefore } from '../shared/inbox/inbox-message.js';

export interface HandlingLimits {
  /** How often a message is handed to its handler before it is parked. */
  readonly attempts: number;
  /** Milliseconds before the second attempt; each further one waits {@link backoffFactor} times as long. */
  readonly retryDelayMs: number;
  /** So many chats are worked on at a time. */
  readonly concurrency: number;
}

/**
 * One, five, twenty-five seconds: what a restart of another service takes, what its outage of a moment takes, and
 * longer than that.
 */
export const backoffFactor = 5;
const longestDelayMs = 5 * 60_000;
/**
 * What can go while a message is with its handler: the process, what that works with, or the memory that both may have.
 */
export type Mortal = 'worker' | 'page' | 'browser' | 'connection' | 'memory';

const hasGone: Readonly<Record<Mortal, string>> = {
  worker: 'The worker has ended',
  page: 'The page has gone',
  browser: 'The browser has gone',
  connection: 'The connection has gone',
  memory: 'The memory has run out',
};

/** So many deaths in a row, with nothing but this message running each time, are put down to it. */
export const maxDeaths = 3;
/**
 * After so many deaths, beside whatever, a message is handled with nothing beside it: what dies then tells of this
 * message alone.
 */
const suspectAfter = 2;

export function isSuspect(message: { readonly deaths: number }): boolean {
  return message.deaths >= suspectAfter;
}

/** The last deaths in a row at which one and the same message ran, and nothing else. */
export interface Trial {
  /** The message's place, which is its own. */
  readonly place: number;
  readonly deaths: number;
}

/**
 * What a death proves. One at which exactly one message ran counts against that message; any other, also one at which
 * nothing ran, shows that things die without it: the count begins anew. So whatever dies by accident parks no message,
 * unless it dies so many times in a row, each time at the same message and at that alone. Pure.
 *
 * @param running what was with its handlers when it died.
 */
export function judgeDeath(
  trial: Trial | undefined,
  running: readonly Pick<InboxMessage, 'place'>[],
): Trial | undefined {
  const [only, ...others] = running;
  if (only === undefined || others.length > 0) return undefined;
  return { place: only.place, deaths: trial?.place === only.place ? trial.deaths + 1 : 1 };
}

type Outcome = Pick<InboxMessage, 'state' | 'nextAt' | 'settledAt' | 'error'>;

/**
 * What becomes of a message whose handler has failed; `attempts` counts the one that did.
 *
 * @param isExcused WhatsApp was away in that time, so that no answer could be sent: that alone parks no message.
 */
export function afterFailure(
  message: Pick<InboxMessage, 'attempts'>,
  error: string,
  limits: HandlingLimits,
  now: number,
  { isExcused }: { isExcused: boolean } = { isExcused: false },
): Outcome {
  if (message.attempts >= limits.attempts && !isExcused) return { state: 'dead', nextAt: null, settledAt: now, error };
  return { state: 'waiting', nextAt: now + pauseMs(message, limits), settledAt: null, error };
}

/** How long a message waits for its next attempt; `attempts` counts the one that has failed. */
export function pauseMs(
  { attempts }: Pick<InboxMessage, 'attempts'>,
  { retryDelayMs }: Pick<HandlingLimits, 'retryDelayMs'>,
): number {
  return Math.min(retryDelayMs * backoffFactor ** (attempts - 1), longestDelayMs);
}

/**
 * What becomes of a message that was with its handler when something died.
 *
 * @param trial what that proves, by {@link judgeDeath}.
 * @param delayMs before it is handled again. What dies in that time without it, clears it.
 */
export function afterDeath(
  message: Pick<InboxMessage, 'place' | 'deaths' | 'error'>,
  what: Mortal,
  trial: Trial | undefined,
  now: number,
  delayMs = 0,
): Outcome & Pick<InboxMessage, 'deaths'> {
  const deaths = message.deaths + 1;
  if (trial?.place === message.place && trial.deaths >= maxDeaths) {
    const error = `${hasGone[what]} ${trial.deaths} times while the bot was at this message and at nothing else`;
    return { state: 'dead', nextAt: null, settledAt: now, error, deaths };
  }
  const nextAt = delayMs > 0 ? now + Math.min(delayMs, longestDelayMs) : null;
  return { state: 'waiting', nextAt, settledAt: null, error: message.error, deaths };
}

/** No pause is longer than the longest: one that seems to be was begun before the clock was set back. */
function isPausing({ nextAt }: Head, now: number): boolean {
  return nextAt !== null && nextAt > now && nextAt <= now + longestDelayMs;
}

export type Choice =
  | { readonly do: 'handle'; readonly head: Head }
  /** Nothing can be begun before this moment. */
  | { readonly do: 'wait'; readonly until: number }
  /** Nothing can be begun before something ends or comes. */
  | { readonly do: 'rest' };

/**
 * Which message comes next: of the chats whose turn it is, the oldest that may be begun. A chat that waits with its
 * first message waits as a whole.
 *
 * @param heads the next message of each chat with which nobody is busy.
 * @param running what is with its handlers.
 * @param turnOf when it is a chat's turn; lower numbers come first (fair-turns.ts).
 */
export function chooseNext(
  heads: Iterable<Head>,
  running: readonly { readonly deaths: number }[],
  limits: HandlingLimits,
  now: number,
  turnOf: (chat: string) => number = () => 0,
): Choice {
  if (running.length >= limits.concurrency || running.some(isSuspect)) return { do: 'rest' };
  let oldest: Head | undefined;
  let turn = Infinity;
  let soonest = Infinity;
  for (const head of heads) {
    if (isPausing(head, now)) {
      soonest = Math.min(soonest, head.nextAt ?? Infinity);
      continue;
    }
    const turnOfHead = turnOf(head.chat);
    if (oldest !== undefined && (turnOfHead > turn || (turnOfHead === turn && !isBefore(head, oldest)))) continue;
    oldest = head;
    turn = turnOfHead;
  }
  // Others end first; nothing is begun beside a suspect, and no suspect beside others.
  if (oldest !== undefined)
    return isSuspect(oldest) && running.length > 0 ? { do: 'rest' } : { do: 'handle', head: oldest };
  return soonest === Infinity ? { do: 'rest' } : { do: 'wait', until: soonest };
}
