import { columns, insertion, upsert } from './schema.js';

/** The condition of the index `messages_unsettled`, word for word: SQLite uses it where a statement says the same. */
const unsettled = "state IN ('waiting', 'running', 'dead')";
/** `settled_at` is what the index `messages_settled` is of. */
const settled = 'settled_at IS NOT NULL';
const listed = '(SELECT value FROM json_each(?))';

/** Everything that is said to SQLite of messages and facts. A test looks at how each is carried out: none may go through all messages. */
export const statements = {
  insert: `${insertion} ON CONFLICT (id) DO NOTHING`,
  upsert,
  update:
    'UPDATE messages SET state = ?, raw = ?, attempts = ?, deaths = ?, next_at = ?, error = ?, settled_at = ? WHERE id = ?',
  move: 'UPDATE messages SET place = ? WHERE id = ?',
  discard: `DELETE FROM messages WHERE ${unsettled} AND state = 'waiting' AND attempts = 0 AND place > ?`,
  delete: `DELETE FROM messages WHERE id IN ${listed}`,
  // Of what is done nobody asks for the order any more, and there is much of it.
  lastPlace: `SELECT max(place) AS place FROM messages WHERE ${unsettled}`,
  unknown: 'SELECT value FROM json_each(?) WHERE value NOT IN (SELECT id FROM messages)',
  known: `SELECT id, state FROM messages WHERE id IN ${listed}`,
  message: `SELECT ${columns} FROM messages WHERE id = ?`,
  waitingChats: "SELECT DISTINCT chat FROM messages WHERE state = 'waiting'",
  head: "SELECT id, chat, t, place, deaths, next_at AS nextAt FROM messages WHERE state = 'waiting' AND chat = ? ORDER BY t, place LIMIT ?",
  open: "SELECT id, t, place FROM messages WHERE chat = ? AND state = 'waiting' AND attempts = 0",
  running: `SELECT ${columns} FROM messages WHERE ${unsettled} AND state = 'running'`,
  unsettledCounts: `SELECT state, count(*) AS n FROM messages WHERE ${unsettled} GROUP BY state`,
  settledCount: `SELECT count(*) AS n FROM messages WHERE ${settled}`,
  oldest: `SELECT id, t, state FROM messages WHERE ${settled} AND settled_at < ? AND t < ? ORDER BY settled_at LIMIT ?`,
  // Looks at so many of the oldest only: dead letters and what may be read from the page again stay, and may be many.
  oldestDone:
    `SELECT id, t, state FROM (SELECT id, t, state, settled_at FROM messages WHERE ${settled} ORDER BY settled_at LIMIT 5000) ` +
    "WHERE state = 'done' AND t < ? ORDER BY settled_at LIMIT ?",
  deadLetters: `SELECT ${columns} FROM messages WHERE ${unsettled} AND state = 'dead' ORDER BY settled_at DESC, t DESC LIMIT ?`,
  replayAll: `UPDATE messages SET state = 'waiting', attempts = 0, deaths = 0, next_at = NULL, settled_at = NULL WHERE ${unsettled} AND state = 'dead'`,
  replay: `UPDATE messages SET state = 'waiting', attempts = 0, deaths = 0, next_at = NULL, settled_at = NULL WHERE state = 'dead' AND id IN ${listed}`,
  dropAll: `UPDATE messages SET state = 'done', raw = NULL WHERE ${unsettled} AND state = 'dead'`,
  drop: `UPDATE messages SET state = 'done', raw = NULL WHERE state = 'dead' AND id IN ${listed}`,
  fact: 'SELECT value FROM facts WHERE name = ?',
  forgetFact: 'DELETE FROM facts WHERE name = ?',
  setFact: 'INSERT INTO facts (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
  raiseFact:
    'INSERT INTO facts (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)',
  allFacts: 'SELECT name, value FROM facts',
  addresses: "SELECT name, value FROM facts WHERE name LIKE '%@lid' ORDER BY rowid",
  // A part at a time, by the table alone.
  rowsFrom: `SELECT rowid AS number, ${columns} FROM messages NOT INDEXED WHERE rowid >= ? ORDER BY rowid`,
} as const;
