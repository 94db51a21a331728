/** Counted up with each change that an older version could not read. */
export const schemaVersion = 1;

const unsettledIndex =
  "CREATE INDEX IF NOT EXISTS messages_places ON messages (state, place) WHERE state IN ('waiting', 'running', 'dead')";

/** Gives a file of an earlier version the indexes of this one. That version gets on with them, too. */
export const newerIndexes = `${unsettledIndex}; DROP INDEX IF EXISTS messages_unsettled`;

export const schema = `
  CREATE TABLE messages (
    id          TEXT PRIMARY KEY,
    chat        TEXT NOT NULL,
    t           INTEGER NOT NULL,
    place       INTEGER NOT NULL,
    state       TEXT NOT NULL,
    raw         TEXT,
    backfilled  INTEGER NOT NULL,
    attempts    INTEGER NOT NULL,
    deaths      INTEGER NOT NULL,
    next_at     INTEGER,
    error       TEXT,
    received_at INTEGER NOT NULL,
    settled_at  INTEGER
  ) STRICT;
  CREATE INDEX messages_open ON messages (chat, t, place) WHERE state = 'waiting';
  ${unsettledIndex};
  CREATE INDEX messages_settled ON messages (settled_at) WHERE settled_at IS NOT NULL;
  CREATE TABLE facts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
`;

/** The columns of a message, in the order of {@link InboxMessage}'s members. */
export const columns =
  'id, chat, t, place, state, raw, backfilled, attempts, deaths, next_at AS nextAt, error, received_at AS receivedAt, settled_at AS settledAt';

export const insertion =
  'INSERT INTO messages (id, chat, t, place, state, raw, backfilled, attempts, deaths, next_at, error, received_at, settled_at) ' +
  'VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)';

/** A whole message, whether it is there already or not. */
export const upsert =
  `${insertion} ON CONFLICT (id) DO UPDATE SET chat = excluded.chat, place = excluded.place, state = excluded.state, raw = excluded.raw, ` +
  'attempts = excluded.attempts, deaths = excluded.deaths, next_at = excluded.next_at, error = excluded.error, settled_at = excluded.settled_at';
