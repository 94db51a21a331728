import type { InboxConnection } from './connection.js';
import type { InboxMessage } from './inbox-message.js';
import { toValues } from './rows.js';
import { insertion } from './schema.js';
import type { Unsaved } from './unsaved.js';

/** What a chat has had while nobody listened. */
export interface Missed {
  readonly chat: string;
  /** Oldest first, with the places that they get; `raw` null for those that are known. */
  readonly rows: readonly InboxMessage[];
  /** What has come behind this place came while they were read, and is moved behind them. */
  readonly since: number;
  /** The first of their places. */
  readonly first: number;
}

const shiftOf = ({ rows, first, since }: Missed): number => rows.length + first - since;

/** @returns how many were new. */
export function missedInFile(file: InboxConnection, missed: Missed): number {
  const { chat, rows, since, first } = missed;
  let added = 0;
  const untouched = "chat = ? AND state = 'waiting' AND attempts = 0";
  // Mostly all that is known is done with.
  const movable = new Set(
    file.all<{ id: string }>(`SELECT id FROM messages WHERE ${untouched}`, chat).map(({ id }) => id),
  );
  for (const row of rows) {
    if (movable.has(row.id)) file.run('UPDATE messages SET place = ? WHERE id = ?', row.place, row.id);
    else if (row.raw !== null) added += file.run(`${insertion} ON CONFLICT (id) DO NOTHING`, ...toValues(row));
  }
  file.run(
    `UPDATE messages SET place = place + ? WHERE ${untouched} AND place > ? AND place < ?`,
    shiftOf(missed),
    chat,
    since,
    first,
  );
  return added;
}

/**
 * The same while the file can't be written.
 *
 * @param waiting what waits in the chat, in the file and in memory.
 * @param unknown which of them are new.
 */
export function missedInMemory(
  unsaved: Unsaved,
  waiting: readonly InboxMessage[],
  unknown: ReadonlySet<string>,
  missed: Missed,
): number {
  const { rows, since, first } = missed;
  const places = new Map(rows.map(({ id, place }) => [id, place]));
  for (const message of waiting) {
    if (message.attempts > 0) continue;
    const { id, place } = message;
    const moved = places.get(id) ?? (place > since && place < first ? place + shiftOf(missed) : place);
    if (moved !== place) unsaved.keep({ ...message, place: moved });
  }
  const fresh = rows.filter(({ id, raw }) => raw !== null && unknown.has(id));
  for (const row of fresh) unsaved.keep(row);
  return fresh.length;
}
