/**
 * `waiting` for its handler (again, after a failure); `running`: handed to it; `done`: acknowledged; `dead`: parked after its last attempt,
 * for a person to look at.
 */
export const messageStates = ['waiting', 'running', 'done', 'dead'] as const;
export type MessageState = (typeof messageStates)[number];

/** A message as it came from the page. */
export interface ArrivedMessage {
  /** Text of its key. */
  readonly id: string;
  readonly chat: string;
  /** When WhatsApp's server had it, in seconds since 1970. */
  readonly t: number;
  /** The library's raw model, in JSON. */
  readonly raw: string;
}

/** A message in the inbox. Times are milliseconds since 1970, except `t`. */
export interface InboxMessage {
  readonly id: string;
  readonly chat: string;
  readonly t: number;
  /** Orders messages of one chat and second: as the page had them. */
  readonly place: number;
  readonly state: MessageState;
  /** Null once it is done: nobody needs it again. */
  readonly raw: string | null;
  /** Whether it came while nobody listened, and was read from the page afterwards. */
  readonly backfilled: boolean;
  /** How often it was handed to its handler. */
  readonly attempts: number;
  /** How many workers have died while it was with its handler. */
  readonly deaths: number;
  /** Not before this; null for at once. */
  readonly nextAt: number | null;
  /** What its newest attempt has failed with. */
  readonly error: string | null;
  readonly receivedAt: number;
  /** When it was done or parked. */
  readonly settledAt: number | null;
}

/** Which message of a chat is next. */
export interface Head {
  readonly id: string;
  readonly chat: string;
  readonly t: number;
  readonly place: number;
  readonly deaths: number;
  readonly nextAt: number | null;
}

/** Oldest first: by the second in which WhatsApp had it, then as the page had them. */
export function isBefore(one: { t: number; place: number }, other: { t: number; place: number }): boolean {
  return one.t === other.t ? one.place < other.place : one.t < other.t;
}

export interface InboxCounts {
  readonly waiting: number;
  readonly running: number;
  readonly dead: number;
}
