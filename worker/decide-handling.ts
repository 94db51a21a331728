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

/** One, five, twenty-five seconds: what a restart of another service takes, what its outage of a moment takes, and longer than that. */
export const backoffFactor = 5;
const longestDelayMs = 5 * 60_000;
/** So many workers may die while a message is with its handler. */
export const maxDeaths = 3;
/** After so many it is handled with nothing beside it, so that nobody else is taken for the culprit. */
const suspectAfter = 2;

export function isSuspect(message: { readonly deaths: number }): boolean {
  return message.deaths >= suspectAfter;
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
  const delay = Math.min(limits.retryDelayMs * backoffFactor ** (message.attempts - 1), longestDelayMs);
  return { state: 'waiting', nextAt: now + delay, settledAt: null, error };
}

/** What becomes of a message that was with its handler when its worker died. */
export function afterDeath(
  message: Pick<InboxMessage, 'deaths' | 'error'>,
  now: number,
): Outcome & Pick<InboxMessage, 'deaths'> {
  const deaths = message.deaths + 1;
  if (deaths < maxDeaths) return { state: 'waiting', nextAt: null, settledAt: null, error: message.error, deaths };
  const error = `The worker has ended ${deaths} times while the bot was at this message`;
  return { state: 'dead', nextAt: null, settledAt: now, error, deaths };
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
 * Which message comes next: of the chats whose turn it is, the oldest that may be begun. A chat that waits with its first message waits as a
 * whole.
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
