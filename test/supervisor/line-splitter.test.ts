import { array, assert, property, string } from 'fast-check';
import { expect, it } from 'vitest';

import { LineSplitter } from '../../supervisor/line-splitter.js';

it('lines come out whole, in whatever pieces they arrive', () => {
  const text = string({ unit: 'binary-ascii', maxLength: 30 });
  assert(
    property(array(text, { maxLength: 20 }), (pieces) => {
      const splitter = new LineSplitter(1_000);
      const lines = [...pieces.flatMap((piece) => splitter.push(piece)), ...splitter.rest()];
      const expected = pieces
        .join('')
        .split('\n')
        .map((line, index, all) => (index < all.length - 1 ? line.replace(/\r$/, '') : line));
      expect(lines).toEqual(expected.at(-1) === '' ? expected.slice(0, -1) : expected);
    }),
  );
});

it('no line is kept that is longer than it may be', () => {
  const splitter = new LineSplitter(10);
  expect(splitter.push('x'.repeat(25))).toEqual(['x'.repeat(10), 'x'.repeat(10)]);
  expect(splitter.hasRest).toBe(true);
  expect(splitter.push('y\nz')).toEqual(['xxxxxy']);
  expect(splitter.rest()).toEqual(['z']);
  expect(splitter.hasRest).toBe(false);
});
