import { columns, insertion, upsert } from './schema.js';

/** The condition of the index `messages_places`, word for word: SQLite uses it where a statement says the same. */
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
  lastPlace:
    'SELECT max(place) AS place FROM (' +
    ['waiting', 'running', 'dead']
      .map((state) => `SELECT max(place) AS place FROM messages WHERE ${unsettled} AND state = '${state}'`)
      .join(' UNION ALL ') +
    ')',
  // Reads the rows themselves, with what comes after the text: damage is mostly noticed at once, and it takes no time.
  firstRows: `SELECT max(attempts) AS attempts FROM (SELECT attempts FROM messages WHERE ${unsettled} LIMIT 2000)`,
  unknown: 'SELECT value FROM json_each(?) WHERE value NOT IN (SELECT id FROM messages)',
  known: `SELECT id, state FROM messages WHERE id IN ${listed}`,
  message: `SELECT ${columns} FROM messages WHERE id = ?`,
  // Goes through the whole index, and by it to each message: damage of either is an error, and no chat that is left out.
  heads:
    "SELECT id, chat, t, place, deaths, next_at AS nextAt FROM (SELECT DISTINCT chat AS name FROM messages WHERE state = 'waiting') " +
    "CROSS JOIN messages ON state = 'waiting' AND chat = name AND (t, place) = " +
    "(SELECT t, place FROM messages WHERE state = 'waiting' AND chat = name ORDER BY t, place LIMIT 1)",
  head: "SELECT id, chat, t, place, deaths, next_at AS nextAt FROM messages WHERE state = 'waiting' AND chat = ? ORDER BY t, place LIMIT ?",
  open: "SELECT id, t, place FROM messages WHERE chat = ? AND state = 'waiting' AND attempts = 0",
  running: `SELECT ${columns} FROM messages WHERE ${unsettled} AND state = 'running'`,
  unsettledCounts: `SELECT state, count(*) AS n FROM messages WHERE ${unsettled} GROUP BY state`,
  settledCount: `SELECT count(*) AS n FROM messages WHERE ${settled}`,
  // These two look at so many of the oldest only: what may be read from the page again stays, and may be much.
  oldest:
    `SELECT id, t, state FROM (SELECT id, t, state, settled_at FROM messages WHERE ${settled} AND settled_at < ? ` +
    'ORDER BY settled_at LIMIT 5000) WHERE t < ? ORDER BY settled_at LIMIT ?',
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
