import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { UnreadableError } from '../../supervisor/browser/leveldb/byte-reader.js';
import { crc32c } from '../../supervisor/browser/leveldb/crc32c.js';
import { appendixTo, logOf as wholeLogOf, readLog, salvageLog } from '../../supervisor/browser/leveldb/log-format.js';

const anyLength = fc.oneof(
  fc.integer({ min: 0, max: 300 }),
  fc.integer({ min: 32_700, max: 32_800 }),
  fc.integer({ min: 0, max: 100_000 }),
);
const anyLengths = fc.array(anyLength, { maxLength: 12 });

/** Told apart by their bytes. */
function entriesOf(lengths: readonly number[]): Buffer[] {
  return lengths.map((length, index) => Buffer.alloc(length, index + 1));
}

/** As LevelDB's `log::Writer` does it (leveldb/db/log_writer.cc), but for the checksums, which nobody compares here. */
function logOf(entries: readonly Buffer[], begin: Buffer = Buffer.alloc(0)): { log: Buffer; ends: number[] } {
  const parts: Buffer[] = [begin];
  const ends: number[] = [];
  let position = begin.length;
  const write = (part: Buffer): void => {
    parts.push(part);
    position += part.length;
  };
  for (const entry of entries) {
    let written = 0;
    let isFirst = true;
    do {
      const room = 32_768 - (position % 32_768);
      if (room < 7) write(Buffer.alloc(room));
      const body = entry.subarray(written, written + 32_768 - (position % 32_768) - 7);
      written += body.length;
      const header = Buffer.alloc(7, 0xcc);
      header.writeUInt16LE(body.length, 4);
      header.writeUInt8(written === entry.length ? (isFirst ? 1 : 4) : isFirst ? 2 : 3, 6);
      write(header);
      write(body);
      isFirst = false;
    } while (written < entry.length);
    ends.push(position);
  }
  return { log: Buffer.concat(parts), ends };
}

/** Much faster than the matcher. */
function isSame(some: readonly Buffer[], others: readonly Buffer[]): boolean {
  return some.length === others.length && some.every((entry, index) => others[index]?.equals(entry));
}

describe('a log of LevelDB', () => {
  it('has what was written, and is not torn, whatever that was', () => {
    fc.assert(
      fc.property(anyLengths, (lengths) => {
        const entries = entriesOf(lengths);
        const { entries: read, tornAt } = readLog(logOf(entries).log);
        expect(isSame(read, entries)).toBe(true);
        expect(tornAt).toBeUndefined();
      }),
    );
  });

  it('that was cut anywhere is torn behind the last entry that is whole', () => {
    fc.assert(
      fc.property(anyLengths, fc.nat(), (lengths, at) => {
        const entries = entriesOf(lengths);
        const { log, ends } = logOf(entries);
        const cut = log.subarray(0, at % (log.length + 1));
        const wholes = ends.filter((end) => end <= cut.length);
        const whole = wholes.at(-1) ?? 0;
        // What fills up a block belongs to no entry, and hurts nobody.
        const isFilling = cut.length - whole < 7 && cut.length % 32_768 > 32_761;
        const isWhole = cut.length === whole || isFilling || (cut.length % 32_768 === 0 && cut.length - whole < 7);
        const { entries: read, tornAt } = readLog(cut);
        expect(isSame(read, entries.slice(0, wholes.length))).toBe(true);
        expect(tornAt).toBe(isWhole ? undefined : whole);
      }),
      { numRuns: 500 },
    );
  });

  it('can be written on where it was cut', () => {
    fc.assert(
      fc.property(anyLengths, anyLengths, fc.nat(), (lengths, otherLengths, at) => {
        const { log } = logOf(entriesOf(lengths));
        const others = entriesOf(otherLengths);
        const torn = log.subarray(0, at % (log.length + 1));
        const { entries: kept, tornAt = torn.length } = readLog(torn);
        const { log: next } = logOf(others, torn.subarray(0, tornAt));
        const { entries: read, tornAt: tornAgain } = readLog(next);
        expect(isSame(read, [...kept, ...others])).toBe(true);
        expect(tornAgain).toBeUndefined();
      }),
    );
  });

  it('is not read when it is damaged in another way', () => {
    const { log } = logOf([Buffer.alloc(100, 1), Buffer.alloc(200, 1)]);
    const damages: readonly [position: number, value: number][] = [
      [6, 5],
      [6, 0],
      [6, 4],
      [6, 2],
      [5, 0xff],
    ];
    for (const [position, value] of damages) {
      const damaged = Buffer.from(log);
      damaged.writeUInt8(value, position);
      expect(() => readLog(damaged), `${value} at ${position}`).toThrow(UnreadableError);
    }
  });

  it('can be written on by ourselves, in the same form', () => {
    fc.assert(
      fc.property(fc.nat({ max: 40_000 }), anyLength, (length, added) => {
        const entry = Buffer.alloc(added, 2);
        const before = logOf([Buffer.alloc(length, 1)]).log;
        const appendix = appendixTo(before.length, entry);
        const expected = logOf([entry], before).log.subarray(before.length);
        expect(appendix.length).toBe(expected.length);
        expect(readLog(Buffer.concat([before, appendix])).entries.at(-1)).toEqual(entry);
      }),
      { numRuns: 20 },
    );
  });

  it('that was written on behind a torn entry has all but that one', () => {
    fc.assert(
      fc.property(anyLengths, anyLength, anyLengths, fc.nat(), (lengths, tornLength, otherLengths, at) => {
        const [before, after] = [entriesOf(lengths), entriesOf(otherLengths)];
        const whole = wholeLogOf(before);
        const torn = appendixTo(whole.length, Buffer.alloc(tornLength, 0xee));
        let log = Buffer.concat([whole, torn.subarray(0, at % torn.length)]);
        for (const entry of after) log = Buffer.concat([log, appendixTo(log.length, entry)]);
        const { entries, isWrittenOn } = salvageLog(log);
        expect(isSame(entries, [...before, ...after])).toBe(true);
        const lost = torn.subarray(0, at % torn.length).some((byte) => byte !== 0);
        expect(isWrittenOn).toBe(lost && after.length > 0);
      }),
      { numRuns: 200 },
    );
  });

  it('may have room that was made for more', () => {
    const { log } = logOf([Buffer.alloc(100, 1)]);
    expect(readLog(Buffer.concat([log, Buffer.alloc(50_000)]))).toMatchObject({ tornAt: undefined });
  });
});

describe('the checksum', () => {
  // RFC 3720, B.4.
  it.each([
    [Buffer.alloc(32), 0x8a9136aa],
    [Buffer.alloc(32, 0xff), 0x62a8ab43],
    [Buffer.from(Array.from({ length: 32 }, (_, index) => index)), 0x46dd794e],
  ])('is that of the standard: %#', (bytes, sum) => {
    expect(crc32c(bytes)).toBe(sum);
  });
});
