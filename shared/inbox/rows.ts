import type { InboxMessage } from './inbox-message.js';

/** A message as SQLite gives it, which has no truth values. */
export type Row = Omit<InboxMessage, 'backfilled'> & { readonly backfilled: number };

export function fromRow(row: Row): InboxMessage {
  return { ...row, backfilled: row.backfilled === 1 };
}

/** In the order of the columns. */
export function toValues(message: InboxMessage): unknown[] {
  const { id, chat, t, place, state, raw, backfilled, attempts, deaths, nextAt, error, receivedAt, settledAt } =
    message;
  return [id, chat, t, place, state, raw, backfilled ? 1 : 0, attempts, deaths, nextAt, error, receivedAt, settledAt];
}
