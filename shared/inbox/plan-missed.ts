import { isBefore } from './inbox-message.js';

/** A message of a chat as the page lists it. */
export interface ListedMessage {
  readonly id: string;
  /** Seconds since 1970. */
  readonly t: number;
  /** Null for one that the inbox has. */
  readonly raw: string | null;
}

/** A message that waits in the chat, and with which no handler has begun. */
export interface OpenMessage {
  readonly id: string;
  readonly t: number;
  readonly place: number;
}

export interface MissedPlan {
  /** To be inserted. */
  readonly fresh: readonly { readonly message: ListedMessage & { readonly raw: string }; readonly place: number }[];
  /** To get another place. */
  readonly moved: readonly { readonly id: string; readonly place: number }[];
}

/**
 * Gives places to what a chat has had while nobody listened: in the order of the page, and before what has come since the page was asked. Takes
 * as many places as messages get one, so that places grow with messages and not with chats.
 *
 * @param listed all of the chat's messages of that time, oldest first.
 * @param open what waits in the chat.
 * @param unknown which of the listed ones are new.
 * @param since what has a place beyond it came while the page was asked.
 * @param takePlace gives the next place.
 */
export function planMissed(
  listed: readonly ListedMessage[],
  open: readonly OpenMessage[],
  unknown: ReadonlySet<string>,
  since: number,
  takePlace: () => number,
): MissedPlan {
  const waiting = new Set(open.map(({ id }) => id));
  const fresh: MissedPlan['fresh'][number][] = [];
  const moved: MissedPlan['moved'][number][] = [];
  const listedIds = new Set<string>();
  for (const { id, t, raw } of listed) {
    // Listed twice, it is one.
    if (listedIds.has(id)) continue;
    listedIds.add(id);
    if (raw !== null && unknown.has(id)) fresh.push({ message: { id, t, raw }, place: takePlace() });
    else if (waiting.has(id)) moved.push({ id, place: takePlace() });
  }
  // Places decide only within a second: what is younger than all that is listed comes after it anyway.
  const newest = listed.reduce((latest, { t }) => Math.max(latest, t), -Infinity);
  const behind = open.filter(({ id, t, place }) => place > since && t <= newest && !listedIds.has(id));
  behind.sort((one, other) => (isBefore(one, other) ? -1 : 1));
  for (const { id } of behind) moved.push({ id, place: takePlace() });
  return { fresh, moved };
}
