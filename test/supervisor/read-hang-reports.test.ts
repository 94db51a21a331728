import { PassThrough } from 'node:stream';

import fc from 'fast-check';
import { expect, it } from 'vitest';

import { type HangReport, stackLimits } from '../../shared/protocol/hang-report.js';
import { readHangReports } from '../../supervisor/read-hang-reports.js';

const frame = { functionName: 'handle', url: 'file:///bots/bot.js', line: 1, column: 2 };
const report: HangReport = { stalledMs: 5_000, frames: [frame] };

it('reads a report a line, however the lines are cut', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 }), (sizes) => {
      const reader = new Reader();
      const text = `${JSON.stringify(report)}\n`.repeat(3);
      for (let from = 0, piece = 0; from < text.length; piece += 1) {
        const size = sizes[piece % sizes.length] ?? 1;
        reader.write(text.slice(from, from + size));
        from += size;
      }
      expect(reader).toMatchObject({ reports: [report, report, report], problems: [] });
    }),
  );
});

it('takes the largest report that a guard thread makes', () => {
  const reader = new Reader();
  const name = 'é"'.repeat(stackLimits.nameLength / 2);
  const frames = Array.from({ length: stackLimits.frames }, () => ({ ...frame, functionName: name, url: name }));
  reader.write(`${JSON.stringify({ stalledMs: 1, frames })}\n`);
  expect(reader.reports).toEqual([{ stalledMs: 1, frames }]);
});

it('throws away what makes no sense, says so once, and reads on', () => {
  const reader = new Reader();
  reader.write('hello\n\nnull\n{}\n');
  reader.write(`${JSON.stringify({ ...report, frames: 'many' })}\n${JSON.stringify({ ...report, more: 1 })}\n`);
  reader.write(`${JSON.stringify(report)}\n`);
  expect(reader.reports).toEqual([report]);
  expect(reader.problems).toHaveLength(1);
});

it('keeps nothing of a line that doesn’t end', () => {
  const reader = new Reader();
  for (let times = 0; times < 100; times += 1) reader.write('x'.repeat(65_536));
  expect(reader.problems).toEqual([]);
  reader.write(`\n${JSON.stringify(report)}\n`);
  expect(reader.problems).toEqual(['a report about its main thread: more than 65536 characters']);
  expect(reader.reports).toEqual([report]);
});

it('hands on no more reports than a thread can stand still for', () => {
  const reader = new Reader({ msPerLook: 0 });
  for (let times = 0; times < 1_000; times += 1) reader.write(`${JSON.stringify(report)}\n`);
  expect(reader.reports).toHaveLength(1);
});

class Reader {
  readonly reports: HangReport[] = [];
  readonly problems: string[] = [];
  readonly #stream = new PassThrough();
  #now = 0;

  constructor({ msPerLook = 1_000 } = {}) {
    readHangReports(this.#stream, {
      onReport: (received) => this.reports.push(received),
      onMalformed: (problem) => this.problems.push(problem),
      now: () => (this.#now += msPerLook),
    });
  }

  write(text: string): void {
    this.#stream.emit('data', text);
  }
}
