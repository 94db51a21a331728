import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { maskedCrc32c } from '../../supervisor/browser/leveldb/crc32c.js';
import { logOf as rewritten, readLog, salvageLog } from '../../supervisor/browser/leveldb/log-format.js';

interface Write {
  readonly length: number;
  /** How many bytes the disk takes of it; undefined: all. */
  readonly taken: number | undefined;
}

const anyLength = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 32_700, max: 70_000 }));
const anyWrite: fc.Arbitrary<Write> = fc.record({
  length: anyLength,
  taken: fc.option(fc.nat({ max: 40_000 }), { nil: undefined, freq: 3 }),
});

/**
 * As LevelDB's `log::Writer` does it (leveldb/db/log_writer.cc) on a disk that is full from time to time: a record of which the disk takes a
 * part ends the entry, and counts as written for where the block ends.
 */
function logOf(writes: readonly Write[]): { log: Buffer; whole: Buffer[]; hasHole: boolean } {
  const parts: Buffer[] = [];
  const whole: Buffer[] = [];
  let inBlock = 0;
  let isTorn = false;
  let hasHole = false;
  writes.forEach(({ length, taken }, index) => {
    // Bytes of an entry are its number: no record of one is found in another.
    const entry = Buffer.alloc(length, index + 1);
    let room = taken ?? Infinity;
    let written = 0;
    let isFirst = true;
    do {
      if (32_768 - inBlock < 7) {
        parts.push(Buffer.alloc(32_768 - inBlock));
        inBlock = 0;
      }
      const body = entry.subarray(written, written + 32_768 - inBlock - 7);
      written += body.length;
      const kind = written === length ? (isFirst ? 1 : 4) : isFirst ? 2 : 3;
      const summed = Buffer.concat([Buffer.from([kind]), body]);
      const header = Buffer.alloc(6);
      header.writeUInt32LE(maskedCrc32c(summed), 0);
      header.writeUInt16LE(body.length, 4);
      const record = Buffer.concat([header, summed]);
      if (isTorn && room > 0) hasHole = true;
      parts.push(record.subarray(0, Math.min(room, record.length)));
      inBlock += record.length;
      if (room < record.length) {
        isTorn ||= room > 0 || !isFirst;
        return;
      }
      room -= record.length;
      isFirst = false;
    } while (written < length);
    whole.push(entry);
  });
  return { log: Buffer.concat(parts), whole, hasHole };
}

describe('a log that a full disk has left holes in', () => {
  it('gives back every entry that was written whole, and is written anew so that LevelDB reads it', () => {
    fc.assert(
      fc.property(fc.array(anyWrite, { maxLength: 10 }), (writes) => {
        const { log, whole, hasHole } = logOf([{ length: 10, taken: undefined }, ...writes]);
        const { entries, isWrittenOn } = salvageLog(log);
        expect(isSame(entries, whole)).toBe(true);
        if (!hasHole) expect(isWrittenOn).toBe(false);
        const { entries: read, tornAt } = readLog(rewritten(entries));
        expect(isSame(read, whole)).toBe(true);
        expect(tornAt).toBeUndefined();
      }),
      { numRuns: 60 },
    );
  });

  it('is known as that also where its heads and lengths make sense', () => {
    // The length of what is cut off leads into zeros, which look like room that was made before.
    const torn = rewritten([Buffer.alloc(60, 1)]).subarray(0, 20);
    const log = Buffer.concat([rewritten([Buffer.alloc(10, 1)]), torn, rewritten([Buffer.alloc(3_000)])]);
    expect(readLog(log)).toMatchObject({ tornAt: undefined });
    expect(salvageLog(log)).toMatchObject({ isWrittenOn: true, entries: [Buffer.alloc(10, 1), Buffer.alloc(3_000)] });
  });
});

function isSame(some: readonly Buffer[], others: readonly Buffer[]): boolean {
  return some.length === others.length && some.every((entry, index) => others[index]?.equals(entry));
}
