import { ByteReader } from './byte-reader.js';
import { readBatch, writeBatch } from './write-batch.js';

/**
 * What Chromium's IndexedDB keeps of its own in a database (components/services/storage/indexed_db, scopes): below this prefix an entry for
 * each transaction that is under way, with the locks that it holds, until it is committed.
 */
const transactionPrefix = Buffer.from([0, 0, 0, 0, 0x32, 1]);

/** `ScopesMetadata.locks`, a field with a length before it. */
const locksTag = (1 << 3) | 2;

/**
 * Chromium, killed with two transactions under way that write to one database, gives all databases of the page up at its next start, the
 * login of WhatsApp with them. Each entry has the lock on the database that the transactions share; the start asks for it for each
 * transaction alone (`LevelDBScopes::Initialize`), doesn't get it for the second, and takes that for damage ("Invalid locks on disk").
 *
 * So whatever an earlier transaction holds, too, is left out of those that follow, and Chromium rolls all of them back, as it does with one.
 *
 * @param logs entries of all the database's logs, the oldest first.
 * @returns what to append to the newest log, and how many transactions that is about; undefined where nothing is to be done.
 * @throws UnreadableError when an entry isn't what LevelDB writes.
 */
export function unlockTransactions(
  logs: readonly (readonly Buffer[])[],
): { readonly entry: Buffer; readonly transactions: number } | undefined {
  const transactions = new Map<string, Buffer>();
  let sequence = 0n;
  for (const entry of logs.flat()) {
    const batch = readBatch(entry);
    sequence = batch.sequence + BigInt(batch.changes.length);
    for (const { key, value } of batch.changes) {
      if (!key.subarray(0, transactionPrefix.length).equals(transactionPrefix)) continue;
      if (value === undefined) transactions.delete(key.toString('hex'));
      else transactions.set(key.toString('hex'), value);
    }
  }
  const assignments = withoutSharedLocks(transactions);
  if (assignments.length === 0) return undefined;
  return { entry: writeBatch(sequence, assignments), transactions: assignments.length + 1 };
}

function withoutSharedLocks(transactions: ReadonlyMap<string, Buffer>): [key: Buffer, value: Buffer][] {
  const held = new Set<string>();
  const changed: [Buffer, Buffer][] = [];
  for (const [key, value] of transactions) {
    const { locks, others } = fieldsOf(value);
    const own = locks.filter((lock) => !held.has(lock.toString('hex')));
    for (const lock of own) held.add(lock.toString('hex'));
    // One without locks would be taken for committed.
    if (own.length === locks.length || own.length === 0) continue;
    changed.push([Buffer.from(key, 'hex'), Buffer.concat([...own, ...others])]);
  }
  return changed;
}

/** The fields of a message, with tags and lengths. */
function fieldsOf(message: Buffer): { readonly locks: readonly Buffer[]; readonly others: readonly Buffer[] } {
  const locks: Buffer[] = [];
  const others: Buffer[] = [];
  const reader = new ByteReader(message);
  while (!reader.isAtEnd) {
    const from = reader.position;
    const tag = reader.varint();
    if ((tag & 7) === 2) reader.slice();
    else reader.varint();
    (tag === locksTag ? locks : others).push(message.subarray(from, reader.position));
  }
  return { locks, others };
}
