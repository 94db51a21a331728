import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { tornEndOf } from '../../supervisor/browser/torn-end.js';

const blockBytes = 32_768;
const kinds = { full: 1, first: 2, middle: 3, last: 4 };

/** As LevelDB's `log::Writer` does, one write a part; checksums apart, which nobody looks at. */
function partsOf(lengths: readonly number[], begin = 0): { parts: Buffer[]; ends: number[] } {
  const parts: Buffer[] = [];
  const ends: number[] = [];
  let position = begin;
  const write = (part: Buffer): void => {
    parts.push(part);
    position += part.length;
  };
  for (const length of lengths) {
    let left = length;
    let isFirst = true;
    do {
      const room = blockBytes - (position % blockBytes);
      if (room < 7) write(Buffer.alloc(room));
      const taken = Math.min(left, blockBytes - (position % blockBytes) - 7);
      left -= taken;
      const header = Buffer.alloc(7, 0xcc);
      header.writeUInt16LE(taken, 4);
      const isLast = left === 0;
      header.writeUInt8(isFirst ? (isLast ? kinds.full : kinds.first) : isLast ? kinds.last : kinds.middle, 6);
      write(header);
      write(Buffer.alloc(taken, 0xdd));
      isFirst = false;
    } while (left > 0);
    ends.push(position);
  }
  return { parts, ends };
}

const anyLengths = fc.array(
  fc.oneof(
    fc.integer({ min: 0, max: 300 }),
    fc.integer({ min: 32_700, max: 32_800 }),
    fc.integer({ min: 0, max: 100_000 }),
  ),
  { maxLength: 12 },
);

describe('the end of a log', () => {
  it('that is whole is not torn, whatever is in it', () => {
    fc.assert(
      fc.property(anyLengths, (lengths) => {
        expect(tornEndOf(Buffer.concat(partsOf(lengths).parts))).toBeUndefined();
      }),
    );
  });

  it('that was cut anywhere is torn behind the last record that is whole, and what is left of it is not', () => {
    fc.assert(
      fc.property(anyLengths, fc.nat(), (lengths, at) => {
        const { parts, ends } = partsOf(lengths);
        const log = Buffer.concat(parts);
        const cut = log.subarray(0, at % (log.length + 1));
        const whole = ends.filter((end) => end <= cut.length).at(-1) ?? 0;
        const torn = tornEndOf(cut);
        // What fills up a block belongs to no record, and hurts nobody.
        const isFilling = cut.subarray(whole).every((byte) => byte === 0) && cut.length - whole < 7;
        expect(torn).toBe(cut.length === whole || isFilling ? undefined : whole);
        if (torn !== undefined) expect(tornEndOf(cut.subarray(0, torn))).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  it('can be written on where it was cut', () => {
    fc.assert(
      fc.property(anyLengths, anyLengths, fc.nat(), (lengths, others, at) => {
        const log = Buffer.concat(partsOf(lengths).parts);
        const torn = log.subarray(0, at % (log.length + 1));
        const cut = torn.subarray(0, tornEndOf(torn) ?? torn.length);
        expect(tornEndOf(Buffer.concat([cut, ...partsOf(others, cut.length).parts]))).toBeUndefined();
      }),
    );
  });

  it('is left alone when it is damaged in another way', () => {
    const { parts } = partsOf([100, 200]);
    const log = Buffer.concat(parts);
    for (const [position, value] of [
      [6, 5],
      [6, kinds.last],
      [6, kinds.first],
      [5, 0xff],
    ] as const) {
      const damaged = Buffer.from(log);
      damaged.writeUInt8(value, position);
      expect(tornEndOf(damaged)).toBeUndefined();
    }
  });

  it('may be room that was made for more', () => {
    const { parts } = partsOf([100, 200]);
    expect(tornEndOf(Buffer.concat([...parts, Buffer.alloc(50_000)]))).toBeUndefined();
  });
});
