import { assert, array, boolean, constantFrom, integer, nat, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';

import { BoundedWriter, foreignShare } from '../../../shared/output/bounded-writer.js';

/** A reader that takes so many bytes and no more, until it takes more. */
class Reader {
  readonly options = {
    write: (bytes: Buffer): number => {
      if (this.failure !== undefined) throw Object.assign(new Error(this.failure), { code: this.failure });
      if (this.room === 0) throw Object.assign(new Error('full'), { code: 'EAGAIN' });
      const taken = bytes.subarray(0, this.room);
      this.room -= taken.length;
      this.read += taken.toString();
      return taken.length;
    },
    retryIn: (delayMs: number, retry: () => void): void => {
      this.delays.push(delayMs);
      this.retries.push(retry);
    },
  };
  room = Infinity;
  failure: string | undefined;
  read = '';
  readonly delays: number[] = [];
  readonly retries: (() => void)[] = [];

  takes(bytes: number): void {
    this.failure = undefined;
    this.room = bytes;
    for (const retry of this.retries.splice(0)) retry();
  }
}

describe('texts', () => {
  it('are written in the step in which they are said, while the reader reads', () => {
    const reader = new Reader();
    new BoundedWriter(reader.options).write('one\n');
    expect(reader.read).toBe('one\n');
  });

  it('wait for a reader that stands still, and are tried again at growing intervals', () => {
    const reader = new Reader();
    const writer = new BoundedWriter(reader.options);
    reader.room = 2;
    writer.write('one\n');
    writer.write('two\n');
    expect(reader.read).toBe('on');
    for (let times = 0; times < 8; times += 1) reader.takes(0);
    expect(reader.delays).toEqual([5, 10, 20, 40, 80, 160, 250, 250, 250]);
    reader.takes(Infinity);
    expect(reader.read).toBe('one\ntwo\n');
  });

  it.each(['EPIPE', 'ENOSPC', 'EIO', 'EBADF'])(
    '(%s) never throw, and are there when what was in the way has gone',
    (code) => {
      const reader = new Reader();
      const writer = new BoundedWriter(reader.options);
      reader.failure = code;
      for (let line = 0; line < 3; line += 1) writer.write(`${line}\n`);
      reader.takes(Infinity);
      expect(reader.read).toBe('0\n1\n2\n');
    },
  );

  it('beyond the bound are dropped, and a line says how many', () => {
    const reader = new Reader();
    const writer = new BoundedWriter({ ...reader.options, maxBytes: 100 });
    reader.room = 0;
    for (let line = 0; line < 50; line += 1) writer.write('123456789\n');
    writer.write('two\nlines\n');
    expect(writer.waitingBytes).toBe(100);
    reader.takes(Infinity);
    expect(reader.read).toBe(
      `${'123456789\n'.repeat(10)}42 lines were dropped here: the reader of this output stood still, or its disk was full.\n`,
    );
    writer.write('after\n');
    expect(reader.read).toMatch(/full\.\nafter\n$/);
  });

  it('of a bot that floods leave room for those of wasup', () => {
    const reader = new Reader();
    const writer = new BoundedWriter({ ...reader.options, maxBytes: 100 });
    reader.room = 0;
    for (let line = 0; line < 50; line += 1) writer.write('of a bot.\n', foreignShare);
    writer.write('of wasup.\n');
    reader.takes(Infinity);
    expect(reader.read).toContain('of wasup.\n');
    expect(reader.read).toContain('45 lines were dropped');
  });

  it('come out whole and in order, in bounded memory, whatever the reader does; what is missing was counted', () => {
    const step = record({
      lines: array(nat(40), { maxLength: 6 }),
      isForeign: boolean(),
      room: integer({ min: 0, max: 80 }),
      failure: constantFrom(undefined, 'EPIPE', 'ENOSPC'),
    });
    assert(
      property(array(step, { maxLength: 60 }), (steps) => {
        const reader = new Reader();
        const writer = new BoundedWriter({ ...reader.options, maxBytes: 200 });
        writer.describeDropped = (lines) => `-${lines}\n`;
        let said = 0;
        for (const { lines, isForeign, room, failure } of steps) {
          reader.takes(room);
          reader.failure = failure;
          for (const length of lines) {
            writer.write(`${said} ${'x'.repeat(length)}\n`, isForeign ? foreignShare : 1);
            said += 1;
          }
          // A notice of a few bytes beside what the bound allows.
          expect(writer.waitingBytes).toBeLessThanOrEqual(210);
        }
        reader.takes(Infinity);
        const lines = reader.read.split('\n').slice(0, -1);
        const numbers = lines
          .filter((line) => !line.startsWith('-'))
          .map((line) => Number(/^\d+(?= x*$)/.exec(line)?.[0]));
        expect(numbers).toEqual([...numbers].sort((one, other) => one - other));
        expect(new Set(numbers).size).toBe(numbers.length);
        const dropped = lines.filter((line) => line.startsWith('-')).map((line) => Number(line.slice(1)));
        expect(numbers.length + dropped.reduce((sum, count) => sum + count, 0)).toBe(said);
      }),
    );
  });
});

describe('a reader', () => {
  /** Time goes on by pauses alone. */
  function patient(reader: Reader, onPause: () => void): BoundedWriter {
    let now = 0;
    return new BoundedWriter({
      ...reader.options,
      now: () => now,
      pause: (ms) => {
        now += ms;
        onPause();
      },
    });
  }

  it('that is only slow is waited for', () => {
    const reader = new Reader();
    reader.room = 0;
    let pauses = 0;
    const writer = patient(reader, () => {
      pauses += 1;
      if (pauses % 20 === 0) reader.room = 4;
    });
    writer.write('one\ntwo\n');
    expect(reader.read).toBe('one\ntwo\n');
  });

  it('that stands still costs 200 ms altogether, however much is said', () => {
    const reader = new Reader();
    reader.room = 0;
    let pauses = 0;
    const writer = patient(reader, () => (pauses += 1));
    for (let line = 0; line < 1_000; line += 1) {
      writer.write('a line\n');
      reader.takes(0);
    }
    expect(pauses).toBeGreaterThan(190);
    expect(pauses).toBeLessThan(210);
  });

  it('is given so much time to read the last words, and no more', async () => {
    const reader = new Reader();
    reader.room = 0;
    const writer = new BoundedWriter(reader.options);
    writer.write('last words\n');
    expect(await writer.flush(20)).toBe(false);
    const flushed = writer.flush(60_000);
    reader.takes(Infinity);
    expect(await flushed).toBe(true);
  });
});
