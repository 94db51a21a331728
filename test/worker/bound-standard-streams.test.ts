import { Writable } from 'node:stream';

import { beforeEach, expect, it } from 'vitest';

import { boundStandardStreams } from '../../worker/bound-standard-streams.js';

let taken: string[];
/** Calls back when the reader takes what was written. */
let takes: (() => void)[];
let stream: Writable;
let reports: number[];

beforeEach(() => {
  taken = [];
  takes = [];
  reports = [];
  stream = new Writable({
    highWaterMark: 10,
    write(chunk: Buffer, _encoding, done) {
      takes.push(() => {
        taken.push(chunk.toString());
        done();
      });
    },
  });
  boundStandardStreams([stream], (writes) => reports.push(writes), 100);
});

async function takeAll(): Promise<void> {
  for (let take = takes.shift(); take !== undefined; take = takes.shift()) {
    take();
    await new Promise(setImmediate);
  }
}

it('what the reader takes comes through', async () => {
  stream.write('one');
  stream.write('two');
  await takeAll();
  expect(taken).toEqual(['one', 'two']);
  expect(reports).toEqual([]);
});

it('what waits for a reader that stands still is bounded; the rest is dropped, called back, and told of when it reads again', async () => {
  const called = Promise.all(
    Array.from({ length: 50 }, () => new Promise<void>((resolve) => stream.write('1234567890', () => resolve()))),
  );
  expect(stream.writableLength).toBe(110);
  await takeAll();
  await called;
  expect(taken).toHaveLength(11);
  expect(reports).toEqual([39]);
  stream.write('after');
  await takeAll();
  expect(taken.at(-1)).toBe('after');
});

it('a reader that has gone is no error that nobody catches', async () => {
  stream.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
  await new Promise(setImmediate);
  stream.write('nobody reads');
  await new Promise(setImmediate);
  expect(taken).toEqual([]);
});
