import { type InboxMessage, messageStates } from './inbox-message.js';

/** A message as SQLite gives it, which has no truth values. */
export type Row = Omit<InboxMessage, 'backfilled'> & { readonly backfilled: number };

export function fromRow(row: Row): InboxMessage {
  return { ...row, backfilled: row.backfilled === 1 };
}

/** Whether a row is one that wasup may have written. */
export function isRow(value: unknown): value is Row {
  const row = value as Record<keyof Row, unknown>;
  return (
    [row.id, row.chat].every((text) => typeof text === 'string' && text !== '') &&
    [row.t, row.place, row.backfilled, row.attempts, row.deaths, row.receivedAt].every(Number.isSafeInteger) &&
    [row.nextAt, row.settledAt].every((time) => time === null || Number.isSafeInteger(time)) &&
    [row.raw, row.error].every((text) => text === null || typeof text === 'string') &&
    (messageStates as readonly unknown[]).includes(row.state) &&
    (row.state === 'done' || row.raw !== null)
  );
}

/** In the order of the columns. */
export function toValues(message: InboxMessage): unknown[] {
  const { id, chat, t, place, state, raw, backfilled, attempts, deaths, nextAt, error, receivedAt, settledAt } =
    message;
  return [id, chat, t, place, state, raw, backfilled ? 1 : 0, attempts, deaths, nextAt, error, receivedAt, settledAt];
}
