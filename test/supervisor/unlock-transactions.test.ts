import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { UnreadableError } from '../../supervisor/browser/leveldb/byte-reader.js';
import { unlockTransactions } from '../../supervisor/browser/leveldb/unlock-transactions.js';
import { readBatch, writeBatch } from '../../supervisor/browser/leveldb/write-batch.js';

/** As Chromium 156 has written them: the database "model-storage", shared; its object stores 1 and 3. */
const database = '0a11120f0a0d6d6f64656c2d73746f72616765';
const firstStore = '0a16080112120a1000000000000000020000000000000001';
const thirdStore = '0a16080112120a1000000000000000020000000000000003';

const keyOf = (id: number): Buffer => Buffer.from([0, 0, 0, 0, 0x32, 1, id]);
const begun = (sequence: bigint, id: number, ...locks: string[]): Buffer =>
  writeBatch(sequence, [[keyOf(id), Buffer.from(locks.join(''), 'hex')]]);
const row = (sequence: bigint): Buffer => writeBatch(sequence, [[Buffer.from('0002020201', 'hex'), Buffer.alloc(20)]]);

function ended(sequence: bigint, id: number): Buffer {
  const entry = Buffer.alloc(21);
  entry.writeBigUInt64LE(sequence, 0);
  entry.writeUInt32LE(1, 8);
  keyOf(id).copy(entry, 14);
  entry.writeUInt8(0, 12);
  entry.writeUInt8(keyOf(id).length, 13);
  return entry;
}

describe('transactions that were under way when Chromium was killed', () => {
  it('have no lock in common afterwards; the first one keeps it', () => {
    const log = [
      begun(500n, 0x7a, database, firstStore),
      row(501n),
      begun(502n, 0x7b, database, thirdStore),
      row(503n),
    ];
    const { entry, transactions } = unlockTransactions([log]) ?? {};
    expect(transactions).toBe(2);
    expect(readBatch(entry ?? Buffer.alloc(0))).toEqual({
      sequence: 504n,
      changes: [{ key: keyOf(0x7b), value: Buffer.from(thirdStore, 'hex') }],
    });
    expect(unlockTransactions([[...log, entry ?? Buffer.alloc(0)]])).toBeUndefined();
  });

  it('may have begun before the newest log', () => {
    const [older, newest] = [[begun(7n, 1, database, firstStore)], [begun(8n, 2, database, thirdStore)]];
    expect(readBatch(unlockTransactions([older, newest])?.entry ?? Buffer.alloc(0)).sequence).toBe(9n);
    expect(readBatch(unlockTransactions([[...older, ...newest], []])?.entry ?? Buffer.alloc(0)).sequence).toBe(9n);
  });

  it('are left alone when there is one, when they have ended, and when they are of different databases', () => {
    const [first, third] = [begun(1n, 1, database, firstStore), begun(2n, 2, database, thirdStore)];
    const other = begun(2n, 2, '0a0712050a03616263', '0a16080112120a1000000000000000030000000000000001');
    for (const log of [[], [first], [first, row(2n)], [first, third, ended(3n, 1)], [first, other]]) {
      expect(unlockTransactions([log])).toBeUndefined();
    }
  });

  it('are left alone where one would have no lock any more: that would pass for committed', () => {
    expect(unlockTransactions([[begun(1n, 1, database, firstStore), begun(2n, 2, database)]])).toBeUndefined();
  });

  it('keep their locks, each with one of them, and whatever else is said of them', () => {
    const anyLocks = fc.uniqueArray(fc.constantFrom(database, firstStore, thirdStore, '0a0412020a00'), {
      minLength: 1,
    });
    fc.assert(
      fc.property(fc.array(anyLocks, { maxLength: 5 }), (all) => {
        const log = all.map((locks, index) => begun(BigInt(index + 1), index + 1, ...locks, '1001'));
        const mended = unlockTransactions([log]);
        const state = new Map(all.map((locks, index) => [index + 1, [...locks, '1001'].join('')]));
        for (const { key, value } of mended === undefined ? [] : readBatch(mended.entry).changes) {
          state.set(key[6] ?? 0, value?.toString('hex') ?? '');
        }
        for (const lock of new Set(all.flat())) {
          expect([...state.values()].some((text) => text.includes(lock))).toBe(true);
        }
        for (const text of state.values()) {
          expect(text).toMatch(/^(0a.*)1001$/);
        }
      }),
    );
  });

  it('are not looked for in what LevelDB has not written', () => {
    for (const entry of [Buffer.alloc(3), Buffer.concat([row(1n), Buffer.from([1, 200])]), Buffer.alloc(13, 9)]) {
      expect(() => unlockTransactions([[entry]])).toThrow(UnreadableError);
    }
  });
});
