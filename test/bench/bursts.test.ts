import { expect, test } from 'vitest';

import type { Burst } from '../../bench/bursts.js';
import type { Circumstances } from '../../bench/report.js';
import { reportBursts } from '../../bench/report-bursts.js';

test('the report of bursts sets wasup against the plain library', () => {
  const burst = (side: Burst['side'], firstAnswerMs: number): Burst => ({
    side,
    takenMs: 500,
    firstAnswerMs,
    lastAnswerMs: 4_000,
  });
  const circumstances: Circumstances = {
    command: 'npm run bench -- burst',
    date: new Date(0),
    browserVersion: 'Chromium 1',
    libraryVersion: '1',
    load: 0,
  };
  const bursts = [burst('plain', 100), burst('wasup', 120), burst('wasup', 150), burst('plain', 100)];
  const report = reportBursts(bursts, 300, circumstances);
  expect(report).toContain('300 messages in one chat');
  expect(report).toContain('2 times on each side');
  expect(report).toContain('| first answer at WhatsApp | 100 | 120 | 1.20 |');
});
